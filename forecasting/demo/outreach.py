"""Sequences of the demo: two that people are in, with mails that left, an answer, a bounce and an objection.

No mail leaves the process: the story says that the server took them.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.message import EmailMessage

from forecasting.demo.people import Cast
from leads import services
from leads.models import Lead, SentMessage, Sequence
from revops.core import clock
from revops.core.errors import DomainError
from revops.users.models import User

DAYS = 9  # how long ago the first were enrolled
TEXTS = {
    "First words": (
        "Empty runs at {company}",
        "Dear {first_name} {last_name},\n\nmost fleets of your size drive home empty more often than they know. "
        "Where would you look first?\n\nKind regards\n{sender}",
    ),
    "One number": (
        "One number for {company}",
        "Dear {first_name},\n\na forwarder with 140 trucks saved 9 % of its kilometres in the first quarter. "
        "Shall I show you how?\n\n{sender}",
    ),
}
STEPS = {
    "New in fleet management": ((0, "First words"), (3, "One number"), (5, "Ring, and ask about the first mail")),
    "After the fair": ((0, "One number"), (4, "Visit while in the region")),
}
ANSWER = "Hello,\n\nwe plan on paper, and it hurts. Can you call on Thursday after two?\n"


def write(cast: Cast, end: datetime) -> None:
    """Everything from the first draft to today."""
    start = end - timedelta(days=DAYS)
    for day in range(DAYS + 1):  # whatever weekday it is: at weekends nothing leaves
        with clock.at(start + timedelta(days=day)):
            if day == 0:
                first, second = _draw_up(cast.people["olga"])
                people = _people()
                _enroll(first, people[:8])
            if day == 4:
                _enroll(second, people[8:])
            _run()
            if day == 5:
                _comes_back(people)


def _draw_up(owner: User) -> list[Sequence]:
    texts = {
        name: services.create_template(actor=owner, name=name, subject=subject, body=body)
        for name, (subject, body) in TEXTS.items()
    }
    made = []
    for name, steps in STEPS.items():
        sequence = services.create_sequence(actor=owner, name=name)
        rows = [_step(day, what, texts) for day, what in steps]
        sequence = services.set_steps(sequence=sequence, steps=rows, version=None, actor=owner)
        made.append(services.activate_sequence(sequence=sequence, version=None, actor=owner))
    return made


def _step(day: int, what: str, texts: Mapping[str, object]) -> dict[str, object]:
    if what in texts:
        return {"day_offset": day, "kind": "email", "template": texts[what]}
    return {"day_offset": day, "kind": "visit" if what.startswith("Visit") else "call", "subject": what}


def _people() -> list[Lead]:
    """Leads that somebody works on; the last of them are enrolled later."""
    rows = Lead.objects.open().filter(owner__isnull=False, archived_at=None, created_at__lte=clock.now())
    return list(rows.exclude(email_key="").select_related("owner").order_by("-pk")[:12])


def _enroll(sequence: Sequence, people: list[Lead]) -> None:
    for lead in people:
        with suppress(DomainError):  # whoever may not be contacted stays out
            services.enroll(sequence=sequence, leads=[lead], actor=lead.owner)


def _run() -> None:
    """What the worker and the mail server would have done."""
    while services.run_due_steps():
        pass
    for parcel in services.claim_mails(most=100):
        handed = services.hand_mail(parcel=parcel)
        if handed is not None:
            services.settle_mail(parcel=handed)


def _comes_back(people: list[Lead]) -> None:
    rows = SentMessage.objects.select_related("enrollment")
    sent = {row.enrollment.lead_id: row for row in rows if row.enrollment is not None}
    mails = [sent[lead.pk] for lead in people if lead.pk in sent]
    for message, text in zip(mails, (ANSWER, "Stop"), strict=False):
        mail = EmailMessage()
        mail["From"], mail["Subject"], mail["In-Reply-To"] = message.to, f"Re: {message.subject}", message.message_id
        mail.set_content(text)
        services.receive_mail(raw=mail.as_bytes())
    for message in mails[2:3]:
        services.receive_mail(raw=_bounce(message))


def _bounce(message: SentMessage) -> bytes:
    lines = (
        "From: MAILER-DAEMON@mx.example", "Subject: Undelivered mail returned to sender", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"', "",
        "--part", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example", "",
        f"Final-Recipient: rfc822; {message.to}", "Action: failed", "Status: 5.1.1", "",
        "--part", "Content-Type: text/rfc822-headers", "", f"Message-ID: {message.message_id}", "", "--part--", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode()
