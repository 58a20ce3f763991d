"""What follows from a mail: on the timeline of whom it went to, and for who wrote it."""

import hashlib
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Activity
from accounts.services import log_activity
from leads.models import Lead, SentDocument, SentMessage
from leads.selectors.mails import sender_of
from leads.selectors.sequences import person_of, standing
from leads.services.activities import log_lead_activity
from revops.core.errors import DomainError
from revops.users.services import notify

LONGEST = 4000


def hold_person(mail: SentMessage) -> None:
    """Whom it goes to, locked before the mail, as whoever merges them does."""
    person: Any = person_of(mail)
    type(person)._base_manager.select_for_update(of=("self",)).filter(pk=person.pk).first()


def log_sent(mail: SentMessage) -> None:
    """A mail that a person wrote has left: it is a touch like any other."""
    person, owner = standing(person_of(mail)), sender_of(mail)
    # By number only: whoever sees the person reads this, and not every document.
    n = SentDocument.objects.gone().filter(message=mail).count()
    with_them = ngettext("With %(n)s document.", "With %(n)s documents.", n) % {"n": n} if n else ""
    subject, body = mail.subject[:200], f"{mail.body[:LONGEST]}\n\n{with_them}".strip()
    # The mail is gone whether it can be logged or not.
    with suppress(DomainError), transaction.atomic():
        if isinstance(person, Lead):
            log_lead_activity(
                lead=person, actor=None, owner=owner, kind=Activity.Kind.EMAIL, subject=subject, body=body
            )
        else:
            log_activity(actor=None, contact=person, owner=owner, kind=Activity.Kind.EMAIL, subject=subject, body=body)


def tell_writer(mail: SentMessage) -> None:
    """It did not arrive: who wrote it hears why. Of a sequence's mails once for each reason."""
    person = person_of(mail)
    reason = hashlib.sha256(mail.error.encode()).hexdigest()[:16]
    notify(
        to=sender_of(mail),
        kind="mail.failed",
        title=format_lazy(gettext_lazy("The mail to {name} did not arrive"), name=person.name[:120]),
        body=mail.error,
        url=mail.get_absolute_url(),
        about=person,
        key=f"mail:{mail.enrollment.sequence_id}:{reason}" if mail.enrollment else "",
    )
