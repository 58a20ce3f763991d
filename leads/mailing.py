"""The sender of mails: claims, talks to the mail server, records. No transaction is open while it talks.

The last byte leaves only after `hand_mail` has said yes and committed it: before that a killed sender's mail goes to
the next one, after it nobody sends it again by itself.
"""

import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate, parseaddr
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage as DjangoMessage
from django.core.mail import get_connection
from django.utils.translation import gettext as _

from leads import services
from leads.selectors.mails import Paper
from leads.selectors.sequences import one_line, opt_out_link
from leads.services.sending import Parcel

BATCH = 20
RUN_SECONDS = 240
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
PLAIN = SMTP.clone(cte_type="7bit", max_line_length=990)
_DOT = re.compile(rb"(?m)^\.")


class Away(Exception):
    """The mail server cannot be reached: the run ends, the next one tries again."""


# The message ---------------------------------------------------------------------------------


def return_address(parcel: Parcel) -> str:
    """Where answers go; without a way in, to the sender's own mailbox."""
    return f"reply+{parcel.token}@{settings.INBOUND_DOMAIN}" if settings.INBOUND_TOKEN else parcel.sender_email


def envelope_sender(parcel: Parcel) -> str:
    """Where a server sends what it could not deliver."""
    return return_address(parcel) if settings.INBOUND_TOKEN else parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def compose(parcel: Parcel) -> EmailMessage:
    """The mail as it leaves. What people typed is one line wherever it stands in a header."""
    message = EmailMessage(policy=PLAIN)
    message["From"] = formataddr((one_line(parcel.sender_name), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
    message["To"] = parcel.to
    message["Reply-To"] = return_address(parcel)
    message["Subject"] = one_line(parcel.subject)
    message["Date"] = formatdate(localtime=False, usegmt=True)
    message["Message-ID"] = parcel.message_id
    if parcel.earlier:
        message["In-Reply-To"] = parcel.earlier[-1]
        message["References"] = " ".join(parcel.earlier)
    if parcel.enrollment is not None:  # one that a person wrote is no mailing
        mailto = f", <mailto:unsubscribe+{parcel.token}@{settings.INBOUND_DOMAIN}>" if settings.INBOUND_TOKEN else ""
        message["List-Unsubscribe"] = f"<{opt_out_link(parcel.token)}>{mailto}"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "no"
    message.set_content(parcel.body)
    for paper in parcel.papers:
        _attach(message, paper)
    return message


def _attach(message: EmailMessage, paper: Paper) -> None:
    """A file under the name that people know. Its type is one of ours, never what an upload said."""
    kind, _slash, sub = paper.content_type.partition("/")
    if kind in ("message", "multipart"):  # these would be opened as mails of their own
        kind, sub = "application", "octet-stream"
    with default_storage.open(paper.path, "rb") as stored:
        data = stored.read()
    message.add_attachment(data, maintype=kind, subtype=sub, filename=one_line(paper.name) or "file")


# The way out ---------------------------------------------------------------------------------


def send_due(seconds: float = RUN_SECONDS) -> int:
    """Send what is due until nothing is, or the time is over; returns how many mails were taken up."""
    end, tried = time.perf_counter() + seconds, 0
    with _post() as post:
        while time.perf_counter() < end and (parcels := services.claim_mails(most=BATCH)):
            for at, parcel in enumerate(parcels):
                if time.perf_counter() >= end:
                    services.forget_claims(parcels=parcels[at:])
                    break
                tried += 1
                try:
                    _send(post, parcel)
                except Away:
                    services.forget_claims(parcels=parcels[at + 1 :])
                    return tried
    return tried


def _send(post: "Server | Backend", parcel: Parcel) -> None:
    try:
        raw = compose(parcel).as_bytes()
        parcel.to.encode("ascii")
    except OSError:
        words = _("A document is not where it was stored.")
        services.refuse_mail(parcel=parcel, error=words, address=False)
        return
    except ValueError as error:
        words = _("This mail cannot be written: %(why)s") % {"why": error}
        services.refuse_mail(parcel=parcel, error=words, address=isinstance(error, UnicodeError))
        return
    post.send(parcel, raw)


@contextmanager
def _post() -> Iterator["Server | Backend"]:
    post = Server() if settings.EMAIL_BACKEND == SMTP_BACKEND else Backend()
    try:
        yield post
    finally:
        post.close()


class Backend:
    """Another of Django's ways to send: the terminal, a folder."""

    def send(self, parcel: Parcel, raw: bytes) -> None:
        handed = services.hand_mail(parcel=parcel)
        if handed is None:
            return
        try:
            get_connection().send_messages([_Ready(parcel)])
        except Exception as error:  # whatever a backend raises
            services.doubt_mail(parcel=handed, error=str(error))
            return
        services.settle_mail(parcel=handed)

    def close(self) -> None:
        """Nothing is open."""


class _Ready(DjangoMessage):
    """A message of ours in the hands of one of Django's backends."""

    def __init__(self, parcel: Parcel) -> None:
        super().__init__(one_line(parcel.subject), parcel.body, envelope_sender(parcel), [parcel.to])
        self._parcel = parcel

    def message(self, **_kwargs: Any) -> Any:
        return compose(self._parcel)


class Server:
    """One connection to the mail server, opened when it is needed and again after it broke."""

    def __init__(self) -> None:
        self._line: smtplib.SMTP | None = None

    def send(self, parcel: Parcel, raw: bytes) -> None:
        """MAIL, RCPT, DATA; then the mail is handed over for good; then its text and the last dot."""
        try:
            line = self._open()
            refused = self._announce(line, parcel)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            services.postpone_mail(parcel=parcel, error=_words(error))
            raise Away from error
        if refused is not None:
            self._refused(parcel, *refused)
            return
        handed = services.hand_mail(parcel=parcel)
        if handed is None:
            self._drop()  # it waits for a text that it must not get
            return
        try:
            line.send(_DOT.sub(b"..", raw) + b".\r\n")
            code, said = line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            services.doubt_mail(parcel=handed, error=_words(error))
            return
        if code == 250:
            services.settle_mail(parcel=handed)
        else:
            self._answer(handed, code, said, address=False)

    def close(self) -> None:
        """Say goodbye."""
        if self._line is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._line.quit()
        self._line = None

    def _open(self) -> smtplib.SMTP:
        if self._line is None:
            kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
            line = kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=settings.EMAIL_TIMEOUT)
            self._line = line
            if settings.EMAIL_USE_TLS:
                line.starttls()
            if settings.EMAIL_HOST_USER and settings.EMAIL_HOST_PASSWORD:
                line.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            line.ehlo_or_helo_if_needed()
        return self._line

    def _announce(self, line: smtplib.SMTP, parcel: Parcel) -> tuple[str, int, bytes] | None:
        """Up to the server's "go ahead"; else where it refused, its code and its words."""
        code, said = line.mail(envelope_sender(parcel))
        if code != 250:
            return "mail", code, said
        code, said = line.rcpt(parcel.to)
        if code not in (250, 251):
            return "rcpt", code, said
        code, said = line.docmd("data")
        return None if code == 354 else ("data", code, said)

    def _refused(self, parcel: Parcel, where: str, code: int, said: bytes) -> None:
        with suppress(OSError, smtplib.SMTPException):
            if self._line is not None:
                self._line.rset()
        self._answer(parcel, code, said, address=where == "rcpt")
        if code == 421:  # it closes the line
            self._drop()
            raise Away

    def _answer(self, parcel: Parcel, code: int, said: bytes, *, address: bool) -> None:
        words = one_line(f"{code} {said.decode('utf-8', 'replace')}")
        if 500 <= code < 600:
            services.refuse_mail(parcel=parcel, error=words, address=address)
        else:
            services.postpone_mail(parcel=parcel, error=words)

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


def _words(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}")[:300]
