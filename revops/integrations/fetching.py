"""One question over the network: a GET to a judged address only, bounded in time and size, following nothing."""

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from revops.integrations.posting import connected, cut_off, in_words
from revops.integrations.targets import resolve

MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Fetched:
    """What came back. `error` is empty when an answer came, whatever its status."""

    status: int | None
    text: str = ""
    error: str = ""
    retry_after: int = 0


def fetch(url: str, *, headers: Mapping[str, str], seconds: float) -> Fetched:
    """Ask. Never raises: whatever goes wrong is an answer that says so."""
    start = time.perf_counter()
    try:
        return _exchange(url, headers, seconds, start + seconds)
    except Exception as trouble:
        late = isinstance(trouble, TimeoutError) or time.perf_counter() - start >= seconds
        return Fetched(None, error=_("It did not answer in time.") if late else in_words(trouble, 0)[:300])


def _exchange(url: str, headers: Mapping[str, str], seconds: float, end: float) -> Fetched:
    target = resolve(url)
    with connected(target, end) as sock, cut_off(sock, end):
        connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
        connection.default_port = 443 if target.tls else 80
        # The judged connection or none: left to itself it would look the name up again.
        connection.auto_open = 0
        connection.sock = sock
        connection.request("GET", target.path, headers={"Accept": "application/json", **headers})
        response = connection.getresponse()
        raw = response.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            return Fetched(response.status, error=_("Its answer is larger than 256 kB."))
        after = response.headers.get("Retry-After", "")
        wait = int(after) if after.isascii() and after.isdigit() and len(after) < 6 else 0
        return Fetched(response.status, raw.decode(errors="replace").replace("\x00", "\ufffd"), retry_after=wait)
