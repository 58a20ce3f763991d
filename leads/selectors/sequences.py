"""What a step says to somebody, and who may not be written to."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Contact
from leads.models import (
    ContactPolicy,
    Enrollment,
    Lead,
    LeadLicence,
    MessageTemplate,
    ReceivedMessage,
    SentMessage,
    Sequence,
)
from leads.selectors.windows import Hours, hours_of
from revops.core import clock

PLACEHOLDERS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "name": gettext_lazy("Full name"),
    "title": gettext_lazy("Position"),
    "company": gettext_lazy("Company"),
    "sender": gettext_lazy("The sender's name"),
    "sender_email": gettext_lazy("The sender's address"),
}
_BRACES = re.compile(r"\{([^{}\s]{1,40})\}")


def placeholders_in(text: str) -> set[str]:
    """The names that stand in braces."""
    return set(_BRACES.findall(text))


def values_for(person: Lead | Contact, sender: Any) -> dict[str, str]:
    """What the braces are filled with. A contact comes with its account."""
    company = person.company if isinstance(person, Lead) else person.account.name
    name = sender.get_full_name() or sender.get_username()
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": person.name,
        "title": person.title,
        "company": company,
        "sender": name,
        "sender_email": sender.email,
    }


def fill(text: str, values: dict[str, str]) -> str:
    """The text with what stands in braces filled in, once: a name that holds braces stays what it is."""
    return _BRACES.sub(lambda match: values.get(match.group(1), match.group(0)), text)


def one_line(text: str) -> str:
    """Fit for a header: line breaks and other control characters are blanks."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())


@dataclass(frozen=True)
class Preview:
    """A mail as somebody would get it, without the line about opting out."""

    subject: str
    body: str


def preview(template: MessageTemplate, person: Lead | Contact, sender: Any) -> Preview:
    """What the template says to this person from this sender. An unsaved template will do."""
    values = values_for(person, sender)
    return Preview(one_line(fill(template.subject, values))[:400], fill(template.body, values))


def opt_out_link(token: str) -> str:
    """The page on which somebody opts out."""
    return f"{settings.SITE_URL}{reverse('opt-out', args=[token])}"


def opt_out_line(token: str) -> str:
    """What stands below every mail."""
    return _("No more of these mails: %(link)s") % {"link": opt_out_link(token)}


# Who may not be written to -------------------------------------------------------------------


def closed_keys(keys: Collection[str]) -> set[str]:
    """Which of these addresses belong to somebody who objected."""
    wanted = {key for key in keys if key}
    closed = ContactPolicy.objects.closed()
    own = closed.filter(email_key__in=wanted).values_list("email_key", flat=True)
    leads = closed.filter(lead__email_key__in=wanted).values_list("lead__email_key", flat=True)
    contacts = closed.filter(contact__email_key__in=wanted).values_list("contact__email_key", flat=True)
    return set(own.union(leads, contacts))


def policies_for(people: Iterable[Lead | Contact]) -> dict[tuple[str, int], ContactPolicy]:
    """Policies by ("lead" or "contact", key): one query."""
    rows = list(people)
    leads = [one.pk for one in rows if isinstance(one, Lead)]
    contacts = [one.pk for one in rows if isinstance(one, Contact)]
    found = ContactPolicy.objects.filter(Q(lead__in=leads) | Q(contact__in=contacts))
    return {("lead", row.lead_id) if row.lead_id else ("contact", row.contact_id or 0): row for row in found}


def kind_of(person: Lead | Contact) -> tuple[str, int]:
    """How `policies_for` names somebody."""
    return ("lead" if isinstance(person, Lead) else "contact", person.pk)


def standing(person: Lead | Contact) -> Lead | Contact:
    """Whom somebody was merged into, else they themselves."""
    other = person.merged_into if person.merged_into_id is not None else None
    return other if isinstance(other, Lead | Contact) else person


def licences_ended(leads: Collection[int]) -> dict[int, date | None]:
    """Leads whose licence has ended, with its last day."""
    rows = LeadLicence.objects.filter(lead__in=leads, delivery__partner__licence_expires_on__lt=clock.today())
    return dict(rows.values_list("lead_id", "delivery__partner__licence_expires_on"))


@dataclass(frozen=True)
class Facts:
    """What decides about a number of people, read at once."""

    policies: dict[tuple[str, int], ContactPolicy]
    closed: set[str]
    ended: dict[int, date | None]


def hours_for(person: Lead | Contact, sequence: Sequence, facts: Facts) -> Hours:
    """The hours in which mails of this sequence may reach somebody."""
    return hours_of(facts.policies.get(kind_of(person)), weekends=sequence.on_weekends)


def facts_about(people: Iterable[Lead | Contact]) -> Facts:
    """As many queries for a thousand people as for one."""
    rows = list(people)
    return Facts(
        policies_for(rows),
        closed_keys({one.email_key for one in rows}),
        licences_ended([one.pk for one in rows if isinstance(one, Lead)]),
    )


def objects(person: Lead | Contact, facts: Facts) -> bool:
    """Whether they may not be contacted, they themselves or anybody with their address."""
    policy = facts.policies.get(kind_of(person))
    return person.email_key in facts.closed or (policy is not None and policy.do_not_contact_at is not None)


def why_not(person: Lead | Contact, facts: Facts) -> tuple[str, str] | None:
    """Code and words of what keeps somebody out of every sequence; None: nothing does."""
    if objects(person, facts):
        return "do_not_contact", _("%(name)s does not want to be contacted.") % {"name": person}
    if person.merged_into_id is not None:
        return "merged", _("%(name)s was merged into another record.") % {"name": person}
    if person.archived_at is not None:
        return "archived", _("%(name)s is archived.") % {"name": person}
    if isinstance(person, Lead) and person.status not in Lead.OPEN:
        return "closed", _("%(name)s is closed.") % {"name": person}
    if isinstance(person, Lead) and person.pk in facts.ended:
        return "licence_expired", _("The licence under which this lead came has ended: it may not be contacted.")
    if not person.email_key:
        return "no_email", _("%(name)s has no e-mail address.") % {"name": person}
    return None


def why_not_write(person: Lead | Contact, facts: Facts) -> tuple[str, str] | None:
    """The same of a single mail, on which a person decides: one may write to a lead that is closed."""
    why = why_not(person, facts)
    if why is None or why[0] != "closed":
        return why
    if person.pk in facts.ended:
        return "licence_expired", _("The licence under which this lead came has ended: it may not be contacted.")
    return None if person.email_key else ("no_email", _("%(name)s has no e-mail address.") % {"name": person})


# What came back ------------------------------------------------------------------------------


def unread_replies(user: Any) -> QuerySet[ReceivedMessage]:
    """Answers to this person's own mails that nobody has opened, newest first."""
    mine = Q(enrollment__sender=user) | Q(answers__sender=user)
    rows = ReceivedMessage.objects.visible_to(user).unread().filter(mine)
    return rows.select_related("enrollment__lead", "enrollment__contact", "enrollment__sequence", "lead", "contact")


def person_of(row: Enrollment | SentMessage | ReceivedMessage) -> Lead | Contact:
    """Whom it reaches, or who wrote it. What came in and belongs to nobody has none."""
    holder = row if isinstance(row, Enrollment) else row.enrollment or row
    person = holder.lead or holder.contact
    assert person is not None
    return person


def policies_shown(*, viewer: Any) -> QuerySet[ContactPolicy]:
    """What is recorded about people in sight."""
    return ContactPolicy.objects.visible_to(viewer)


def enrollment_by_token(token: str) -> Enrollment | None:
    """Whose link it is that somebody opened: whoever has it may opt out, and see nothing."""
    return Enrollment.objects.select_related("lead", "contact").filter(token=token).first()
