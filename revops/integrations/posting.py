"""One try over the network: bounded in time, to the judged address only, without following anything."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _

from revops.integrations.targets import Refused, Target, resolve

CONNECT_SECONDS = 5
KEPT_CHARACTERS = 1000
READ_BYTES = 4 * KEPT_CHARACTERS


@dataclass(frozen=True)
class Parcel:
    """A message ready to go: no database is asked while it is under way."""

    message: int
    webhook: int
    claim: datetime
    url: str
    headers: Mapping[str, str]
    body: str
    refusal: str = ""


@dataclass(frozen=True)
class Answer:
    """What a try brought. `error` is empty for a success only."""

    status: int | None
    milliseconds: int
    error: str = ""
    text: str = ""

    @property
    def gone(self) -> bool:
        return self.status == http.client.GONE


def post(parcel: Parcel) -> Answer:
    """Send it. Never raises: whatever goes wrong is an answer that says so."""
    start = time.perf_counter()
    try:
        status, location, text = _exchange(parcel)
        error = _judged(status, location)
    except Exception as trouble:
        status, text, error = None, "", in_words(trouble, time.perf_counter() - start)
    return Answer(status, round((time.perf_counter() - start) * 1000), _storable(error)[:300], text)


def _exchange(parcel: Parcel) -> tuple[int, str, str]:
    if parcel.refusal:
        raise Refused(parcel.refusal)
    seconds = settings.WEBHOOK_TIMEOUT_SECONDS
    target = resolve(parcel.url)
    end = time.perf_counter() + seconds
    with connected(target, end) as sock, cut_off(sock, end):
        connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
        connection.default_port = 443 if target.tls else 80
        # The judged connection or none: left to itself it would look the name up again.
        connection.auto_open = 0
        connection.sock = sock
        connection.request("POST", target.path, body=parcel.body.encode(), headers=dict(parcel.headers))
        response = connection.getresponse()
        return response.status, response.headers.get("Location", ""), _start_of(response)


def _start_of(response: http.client.HTTPResponse) -> str:
    """Its first characters, for the log. The status has said what counts, so a body that breaks off is no failure."""
    try:
        raw = response.read(READ_BYTES)
    except (OSError, http.client.HTTPException):
        raw = b""
    return _storable(raw.decode(errors="replace"))[:KEPT_CHARACTERS]


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextmanager
def connected(target: Target, end: float) -> Iterator[socket.socket]:
    sock = _dial(target, end)
    try:
        sock.settimeout(max(0.1, end - time.perf_counter()))
        if target.tls:
            sock = _tls().wrap_socket(sock, server_hostname=target.host)
        yield sock
    finally:
        sock.close()


def _dial(target: Target, end: float) -> socket.socket:
    """The first of the judged addresses that answers."""
    trouble: OSError = OSError(_("The name has no address."))
    for address in target.addresses[:4]:
        try:
            seconds = min(CONNECT_SECONDS, end - time.perf_counter())
            return socket.create_connection((address, target.port), timeout=max(0.1, seconds))
        except OSError as error:
            trouble = error
    raise trouble


@contextmanager
def cut_off(sock: socket.socket, end: float) -> Iterator[None]:
    """A time-out of a socket starts anew with every byte; this one ends the whole exchange."""

    def cut() -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.1, end - time.perf_counter()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _judged(status: int, location: str) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return _("It redirects to %(address)s. Redirects are not followed: write the final address.") % {
            "address": location[:120] or "–"
        }
    if status == http.client.GONE:
        return _("It says that it is gone for good (410).")
    return _("It answered %(status)s; only 2xx counts.") % {"status": status}


def in_words(trouble: Exception, seconds: float) -> str:
    if isinstance(trouble, Refused):
        return str(trouble)
    if isinstance(trouble, TimeoutError) or seconds >= settings.WEBHOOK_TIMEOUT_SECONDS:
        return _("It did not answer in time.")
    if isinstance(trouble, socket.gaierror):
        return _("There is no such name, or it cannot be looked up just now.")
    if isinstance(trouble, ssl.SSLError):
        return _("Its certificate or encryption is refused: %(reason)s.") % {"reason": trouble.reason or str(trouble)}
    if isinstance(trouble, http.client.HTTPException):
        return _("It does not answer as a web server does (%(kind)s).") % {"kind": type(trouble).__name__}
    if isinstance(trouble, OSError):
        return _("No connection: %(reason)s.") % {"reason": trouble.strerror or str(trouble)}
    return _("It could not be sent (%(kind)s).") % {"kind": type(trouble).__name__}
