"""Two leads become one, and two again."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import Handoff, Lead
from leads.services.markets import fit_to_markets
from leads.services.scoring import score_fit, score_qualification
from revops.core import merging, unmerging
from revops.core.errors import IllegalState
from revops.core.models import MergeRecord


@transaction.atomic
def merge_leads(
    *, winner: Lead, loser: Lead, version: int | None, actor: Any, choices: Mapping[str, str] | None = None
) -> MergeRecord:
    """The loser becomes an alias of the winner; answers, touches and papers go along, of two answers the later one."""
    return merging.merge(winner=winner, loser=loser, choices=choices or {}, version=version, actor=actor)


@transaction.atomic
def take_leads_apart(*, merge: MergeRecord, actor: Any) -> MergeRecord:
    """Two leads again; what somebody changed since is kept and listed."""
    return unmerging.unmerge(merge=merge, actor=actor)


@transaction.atomic
def refuse_on_its_way(*, winner: Lead, loser: Lead, actor: Any) -> None:
    """What became an account, or waits for a seller's answer, is not merged away."""
    if loser.status == Lead.Status.CONVERTED:
        both = winner.status == Lead.Status.CONVERTED
        raise IllegalState(
            "converted",
            _("Both are converted: merge their accounts and contacts instead.")
            if both
            else _("“%(name)s” is converted: keep that one and merge the other into it.") % {"name": loser},
        )
    if loser.handoffs.filter(status=Handoff.Status.SUBMITTED).exists():
        raise IllegalState("handed_over", _("This lead was offered to a seller: wait for the answer, or take it back."))


@transaction.atomic
def score_again(*, winner: Lead, loser: Lead, actor: Any) -> None:
    """Scores follow the answers and facts that each has now."""
    for lead in (winner, loser):
        lead.refresh_from_db()
        if lead.merged_into_id is None:
            score_fit(lead=lead)
            score_qualification(lead=lead)
            fit_to_markets(lead=lead)
