"""A real web server that knows companies, and what it takes to ask it from a test."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Oracle:
    """Answers each question with the next of `answers`, the last one again and again."""

    answers: list[tuple[int, Any]] = field(default_factory=lambda: [(200, {})])
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/companies?domain={{domain}}&name={{company}}"


@contextmanager
def answering() -> Iterator[Oracle]:
    """The server on a port of its own. An answer of None keeps the asker waiting until `release` is set."""
    oracle = Oracle()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            oracle.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            status, body = oracle.answers[min(len(oracle.asked), len(oracle.answers)) - 1]
            if body is None:
                oracle.release.wait(10)
                return
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Quietly."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is part of these tests."""

    server = Server(("127.0.0.1", 0), Handler)
    oracle.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield oracle
    finally:
        oracle.release.set()
        server.shutdown()
        server.server_close()
