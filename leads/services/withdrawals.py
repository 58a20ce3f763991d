"""Handoffs that end unanswered: taken back by the sender, or run out."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Handoff
from leads.services._returns import back_to_working
from revops.core import clock
from revops.core.errors import IllegalState, NotAllowed
from revops.core.scope import reach_ids, require
from revops.core.status import lock


@transaction.atomic
def withdraw_handoff(*, handoff: Handoff, version: int | None, actor: Any) -> Handoff:
    """The sender takes the package back; the lead is worked on again."""
    require(actor, "leads.submit_handoff")
    lead = lock(handoff.lead)
    handoff = lock(handoff, version)
    _refuse_decided(handoff)
    ids = reach_ids(actor)
    if ids is not None and handoff.from_user_id not in ids:
        raise NotAllowed(_("Only %(name)s takes this handoff back.") % {"name": handoff.from_user})
    back_to_working(lead, _("Withdrawn by %(name)s.") % {"name": actor}, actor=actor)
    handoff.refresh_from_db()
    return handoff


@transaction.atomic
def expire_handoff(*, handoff: Handoff, actor: Any = None) -> Handoff:
    """Nobody answered in time: the lead goes back and its SDR is told. Run twice, it has the effect of once."""
    lead = lock(handoff.lead)
    handoff = lock(handoff)
    if handoff.status != Handoff.Status.SUBMITTED or handoff.expires_at > clock.now():
        return handoff
    note = _("%(name)s did not answer in time.") % {"name": handoff.to_user}
    back_to_working(lead, note, actor=actor, tell=handoff.from_user)
    handoff.refresh_from_db()
    return handoff


def _refuse_decided(handoff: Handoff) -> None:
    if handoff.status != Handoff.Status.SUBMITTED:
        raise IllegalState(
            "illegal_state", _("This handoff is answered already: %(state)s.") % {"state": handoff.get_status_display()}
        )
