"""Who is told what about a lead, in the transaction in which it happens."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from leads.models import Handoff, Lead
from revops.users.services import notify

DECIDED = {
    Handoff.Status.ACCEPTED: _("{name} has taken over {company}"),
    Handoff.Status.REJECTED: _("{name} has sent {company} back"),
    Handoff.Status.EXPIRED: _("{company} is back: {name} did not take it over"),
}


def assigned(lead: Lead, *, to: Any, actor: Any, why: str) -> None:
    """A lead has a new owner. The router's and other people's work is news, one's own is not."""
    if to is not None:
        notify(
            to=to,
            kind="lead.assigned",
            title=format_lazy(_("{lead}, {company} is yours"), lead=lead.name, company=lead.company[:120]),
            body=why,
            url=lead.get_absolute_url(),
            actor=actor,
            about=lead,
        )


def submitted(handoff: Handoff) -> None:
    """A package waits."""
    words = {"name": str(handoff.from_user), "company": handoff.lead.company[:120]}
    notify(
        to=handoff.to_user,
        kind="handoff.submitted",
        title=format_lazy(_("{name} hands {company} over to you"), **words),
        body=handoff.package.get("note", ""),
        url=handoff.get_absolute_url(),
        actor=handoff.from_user,
        about=handoff,
        key=f"handoff:{handoff.pk}:submitted",
    )


def decided(handoff: Handoff, *, actor: Any) -> None:
    """The sender hears what became of it."""
    words = {"name": str(actor or handoff.to_user), "company": handoff.lead.company[:120]}
    notify(
        to=handoff.from_user,
        kind="handoff.decided",
        title=format_lazy(DECIDED[Handoff.Status(handoff.status)], **words),
        body=handoff.reason,
        url=handoff.get_absolute_url(),
        actor=actor,
        about=handoff,
        key=f"handoff:{handoff.pk}:{handoff.status}",
    )
