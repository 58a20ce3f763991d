"""A real web server that takes webhooks, and what it takes to send to it from a test."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from revops.integrations import services
from revops.integrations.models import Webhook
from revops.integrations.sending import send_due


@dataclass(frozen=True)
class Taken:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """Answers 200 until told otherwise: `reply` is called with the request and its number, from 1."""

    reply: Callable[[Taken, int], Reply] = lambda taken, number: (200, {}, b"thanks")
    taken: list[Taken] = field(default_factory=list)
    under_way: int = 0
    most_at_once: int = 0
    port: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hooks?from=revops"

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.reply = lambda taken, number: (status, headers or {}, body)

    def handle(self, taken: Taken) -> Reply:
        with self._lock:
            self.taken.append(taken)
            number = len(self.taken)
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            return self.reply(taken, number)
        finally:
            with self._lock:
                self.under_way -= 1


@contextmanager
def listening(
    receiver: Receiver | None = None, *, context: Any = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Receiver]:
    """The receiver on a port of its own; with a TLS context it speaks TLS."""
    receiver = receiver or Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra, text = receiver.handle(Taken(self.path, headers, body))
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            """Quietly."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of these tests."""

    server = Server((host, port), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def make_webhook(owner: Any, url: str, *events: str, **kwargs: Any) -> tuple[Webhook, str]:
    """A webhook and its secret."""
    events = events or ("opportunity.moved",)
    return services.create_webhook(actor=owner, name=kwargs.pop("name", "Warehouse"), url=url, events=events, **kwargs)


def sent() -> int:
    """Send what is due now."""
    return send_due()


def signed_by(taken: Taken, secret: str) -> bool:
    """Whether one of the signatures is this secret's: written after the standard, without the code under test."""
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = f"{taken.id}.{taken.headers['webhook-timestamp']}.{taken.body}".encode()
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return wanted in [part.split(",", 1)[1] for part in taken.headers["webhook-signature"].split(" ")]


def slowly(seconds: float) -> Callable[[Taken, int], Reply]:
    def reply(taken: Taken, number: int) -> Reply:
        time.sleep(seconds)
        return 200, {}, b""

    return reply
