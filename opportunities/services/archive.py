"""Deals out of the way, and back."""

from django.db import transaction
from django.utils.translation import gettext as _

from opportunities.models import Opportunity
from revops.core import audit, clock, upserts
from revops.core.errors import IllegalState
from revops.core.registries import guards, steps_for
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.models import User


@transaction.atomic
def archive_opportunity(*, opportunity: Opportunity, version: int | None, actor: User, reason: str = "") -> Opportunity:
    """Take a deal out of lists, board and forecast. One that was won stays: it has been counted.

    Whatever still needs it may refuse (guards of opportunities.archive).
    """
    require(actor, "opportunities.change_opportunity")
    deal = lock(opportunity, version)
    if deal.archived_at is not None:
        raise IllegalState("archived", _("This opportunity is archived already."))
    if deal.status == Opportunity.Status.WON:
        raise IllegalState("won", _("This opportunity was won, and counts. It cannot be archived."))
    for guard in steps_for(guards, "opportunities.archive"):
        guard.run(opportunity=deal, actor=actor)
    edit(deal, {"archived_at": clock.now()})
    audit.record("opportunity.archived", deal, actor=actor, reason=reason)
    return deal


@transaction.atomic
def restore_opportunity(*, opportunity: Opportunity, version: int | None, actor: User) -> Opportunity:
    """Bring an archived deal back."""
    require(actor, "opportunities.change_opportunity")
    deal = lock(opportunity, version)
    if deal.archived_at is None:
        raise IllegalState("not_archived", _("This opportunity is not archived."))
    upserts.refuse_taken(deal)
    edit(deal, {"archived_at": None})
    audit.record("opportunity.restored", deal, actor=actor)
    return deal
