"""A real mail server on this machine, which tests may tell to refuse, to wait, or to break off."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from revops.embedded import free_port


@dataclass(frozen=True)
class Mail:
    """One mail that was taken, as it came."""

    sender: str
    to: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class PostOffice:
    """What it took, and what it says: `at_address` answers RCPT, `at_end` the last dot; None is yes."""

    at_address: Callable[[str, int], str | None] | None = None
    at_end: Callable[[str, int], str | None] | None = None
    taken: list[Mail] = field(default_factory=list)
    asked: int = 0
    ended: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        with self.lock:
            self.asked += 1
            number = self.asked
        said = await self._say(self.at_address, address, number)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        with self.lock:
            self.ended += 1
            number = self.ended
        mail = Mail(envelope.mail_from, envelope.rcpt_tos[0], envelope.content)
        # With the last dot the mail is here, unless we say no: also where nobody waits for the answer any more.
        with self.lock:
            self.taken.append(mail)
        said = await self._say(self.at_end, mail.to, number)
        if said is not None:
            with self.lock:
                self.taken.remove(mail)
        return said or "250 OK"

    async def _say(self, answer: Callable[[str, int], str | None] | None, address: str, number: int) -> str | None:
        # On a thread: an answer may wait, and other connections go on meanwhile.
        return None if answer is None else await asyncio.to_thread(answer, address, number)


@contextmanager
def post_office(settings: Any, **answers: Any) -> Iterator[PostOffice]:
    """A mail server to which this process sends, too."""
    office = PostOffice(**answers)
    office.port = free_port()
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", office.port, 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.INBOUND_DOMAIN, settings.INBOUND_TOKEN = "mail.revops.example", "let-me-in"
    try:
        yield office
    finally:
        controller.stop()
