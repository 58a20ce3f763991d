"""Raw mails as other people's programs write them: who answers which of ours, and what kind of mail it is.

Nothing here trusts what it reads: whatever is broken is left out, a mail that is none is read as far as it goes.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

MOST_BYTES = 10 * 1024 * 1024
MOST_TEXT = 50_000
MOST_PAGE = 500_000
MOST_HEADER = 20_000
MOST_PARTS = 200
_ID = re.compile(r"<[^<>\s]{3,250}>")
_RETURN = re.compile(r"\b(reply|unsubscribe)\+([0-9a-f]{40})@", re.IGNORECASE)
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
_STOP = re.compile(
    r"(please )?(stop|unsubscribe( me)?|opt[ -]?out|remove me|abmelden|austragen|abbestellen|bitte abmelden"
    r"|désinscrire|désabonner|darme de baja|cancellami)",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"^(auto(matic|matische)?[ -]?(reply|antwort|response)|out of (the )?office|abwesenheit|réponse automatique"
    r"|respuesta automática|risposta automatica)",
    re.IGNORECASE,
)
_QUOTE = re.compile(
    r"^(>|-{2,}\s*(original|ursprüngliche)|_{10,}|(on|am|le|el|il) .{5,200}(wrote|schrieb|écrit|escribió)\b)"
)


@dataclass(frozen=True)
class Letter:
    """What a mail says, as far as it concerns us."""

    message_id: str
    sender: str
    subject: str
    text: str
    answers: tuple[str, ...]  # ids of mails that it answers or reports about, nearest first
    tokens: tuple[str, ...]  # return addresses to which it came
    is_report: bool  # from a mail server, about a mail of ours
    is_final: bool  # and that mail will never arrive
    is_automatic: bool
    wants_out: bool


def read(raw: bytes) -> Letter:
    """Read a mail. Raises ValueError for what cannot be taken apart at all."""
    if raw.lower().count(b"boundary=") > MOST_PARTS:  # boxes in boxes cost more than they are worth
        raise ValueError("too many parts")
    try:
        return _read(message_from_bytes(raw))
    except (RecursionError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(type(error).__name__) from error


def _read(mail: "Message[str, str]") -> Letter:
    report = mail.get_content_type() == "multipart/report" or _kind(mail) == "delivery-status"
    parts = list(mail.walk())
    text, subject = _text(parts), _header(mail, "Subject")
    addresses = [found for name in _RECIPIENTS for value in _all(mail, name) for found in _RETURN.findall(value)]
    ids = [*_ids(mail, "In-Reply-To"), *reversed(_ids(mail, "References"))]
    if report:
        ids = [*_reported(parts), *ids]
    first = _first_line(text)
    return Letter(
        message_id=next(iter(_ids(mail, "Message-ID")), "")[:400],
        sender=_clean(parseaddr(_header(mail, "From"))[1])[:320],
        subject=subject[:400],
        text=text[:MOST_TEXT],
        answers=tuple(dict.fromkeys(ids))[:50],
        tokens=tuple(dict.fromkeys(token.lower() for _side, token in addresses)),
        is_report=report,
        is_final=report and _is_final(parts),
        is_automatic=_is_automatic(mail, subject),
        wants_out=any(side.lower() == "unsubscribe" for side, _token in addresses)
        or bool(_STOP.fullmatch(first))
        or bool(_STOP.fullmatch(subject.strip(" .!"))),
    )


def _kind(mail: "Message[str, str]") -> str:
    return str(mail.get_param("report-type", "") or "").lower()


def _all(mail: "Message[str, str]", name: str) -> list[str]:
    return [str(value)[:MOST_HEADER] for value in mail.get_all(name, [])[:20]]


def _ids(mail: "Message[str, str]", name: str) -> list[str]:
    return [found for value in _all(mail, name) for found in _ID.findall(value)]


def _header(mail: "Message[str, str]", name: str) -> str:
    """A header as people read it; as it stands where its coding is broken."""
    value = str(mail.get(name, "") or "")[:MOST_HEADER]
    with suppress(ValueError, LookupError):
        value = str(make_header(decode_header(value)))
    return " ".join(_clean(value).split())


def _clean(text: str) -> str:
    """Without what a database cannot keep: half characters and the null character."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _text(parts: list[Any]) -> str:
    for wanted in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == wanted and part.get_content_disposition() != "attachment":
                found = _decoded(part)[:MOST_PAGE]
                return (_without_tags(found) if wanted == "text/html" else found).strip()
    return ""


def _decoded(part: Any) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        text = raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return _clean(text)


class _Words(HTMLParser):
    """The text of a page, without what is not shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "head")
        if tag in ("br", "p", "div", "tr", "li"):
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(data)


def _without_tags(page: str) -> str:
    words = _Words()
    words.feed(page)
    words.close()
    return "".join(words.found)


def _first_line(text: str) -> str:
    """What somebody wrote first, above what they quote."""
    for line in text.splitlines():
        plain = line.strip()
        if _QUOTE.match(plain.lower()):
            return ""
        if plain:
            return plain.strip(" .!\"'*")[:200]
    return ""


# What kind it is -----------------------------------------------------------------------------


def _reported(parts: list[Any]) -> list[str]:
    """Ids of the mail that a report is about: it stands in a part of its own."""
    found: list[str] = []
    for part in parts[1:]:
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822"):
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else message_from_bytes(_decoded(part).encode())
            found += _ids(inner, "Message-ID")
    return found


def _is_final(parts: list[Any]) -> bool:
    """Whether the server has given up: an action "failed", or a status that begins with 5."""
    for part in parts:
        if part.get_content_type() != "message/delivery-status":
            continue
        payload = part.get_payload()
        for block in payload if isinstance(payload, list) else [part]:
            action = str(block.get("Action", "") or "").strip().lower()
            status = str(block.get("Status", "") or "").strip()
            # "Failed" with 4.4.7 is final too: the server tried for days and has stopped.
            if action == "failed" or not action and status.startswith("5"):
                return True
    return False


def _is_automatic(mail: "Message[str, str]", subject: str) -> bool:
    """Written by a program: somebody is away, a ticket was opened, a list passes it on."""
    submitted = str(mail.get("Auto-Submitted", "no") or "no").partition(";")[0].strip().lower()
    precedence = str(mail.get("Precedence", "") or "").strip().lower()
    told = any(mail.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    return submitted != "no" or told or precedence in ("auto_reply", "bulk", "junk") or bool(_AWAY.match(subject))
