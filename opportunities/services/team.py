"""Who works on a deal beside its owner, from when until when, and the SDR's part in the first meetings."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Activity
from opportunities.models import Opportunity, OpportunitySplit, OpportunityTeamMember
from opportunities.services import _credit
from opportunities.services._kept import lock_kept
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import lock
from revops.users.models import User

SDR = "SDR"
SDR_MEETINGS: int = getattr(settings, "SDR_MEETINGS", 3)
FINEST = Decimal("0.0001")


@transaction.atomic
def add_team_member(*, opportunity: Opportunity, user: User, role: str, actor: User | None) -> OpportunityTeamMember:
    """Put someone on the deal team: they see the deal. Adding again changes the role, and opens an ended place."""
    if actor is not None:
        require(actor, "opportunities.change_opportunity")
    opportunity = lock(opportunity)
    member = OpportunityTeamMember.objects.filter(opportunity=opportunity, user=user).first()
    if member is None:
        member = OpportunityTeamMember(opportunity=opportunity, user=user, joined_at=clock.now())
    elif member.left_at is not None:
        member.joined_at, member.left_at = clock.now(), None
    member.role = role.strip()[:40]
    member.save()
    audit.record("opportunity.team_joined", opportunity, actor=actor, user=user, role=member.role)
    return member


@transaction.atomic
def remove_team_member(*, opportunity: Opportunity, user: User, actor: User) -> None:
    """Take someone off the deal team."""
    require(actor, "opportunities.change_opportunity")
    opportunity = lock(opportunity)
    if OpportunityTeamMember.objects.filter(opportunity=opportunity, user=user).delete()[0]:
        audit.record("opportunity.team_left", opportunity, actor=actor, user=user)


@transaction.atomic
def end_membership(*, member: OpportunityTeamMember, actor: User | None, reason: str = "") -> OpportunityTeamMember:
    """Their part is over from today on; that they were there stays written. Twice has the effect of once."""
    if actor is not None:
        require(actor, "opportunities.change_opportunity")
    opportunity = lock(member.opportunity)
    member = lock(member)
    if member.left_at is not None:
        return member
    member.left_at = clock.now()
    member.save(update_fields=["left_at", "updated_at"])
    audit.record("opportunity.team_left", opportunity, actor=actor, user=member.user, role=member.role, reason=reason)
    return member


@transaction.atomic
def end_sdr_part(*, opportunity: Opportunity, actor: Any = None) -> int:
    """After the agreed number of completed meetings on the deal the SDR's place on its team ends by itself."""
    opportunity = lock(opportunity)
    ended = 0
    for member in opportunity.team.filter(role=SDR, left_at__isnull=True).order_by("pk"):
        held = Activity.objects.completed().filter(
            opportunity_link__opportunity=opportunity,
            kind=Activity.Kind.MEETING,
            happened_at__gte=member.joined_at,
        )
        if held.count() >= SDR_MEETINGS:
            reason = _("%(n)s meetings were held.") % {"n": SDR_MEETINGS}
            end_membership(member=member, actor=actor, reason=reason)
            ended += 1
    return ended


@transaction.atomic
def set_overlay(
    *, member: OpportunityTeamMember, percent: Decimal, version: int | None, actor: User
) -> OpportunityTeamMember:
    """A team member's overlay: credit beside the 100 % of the revenue, never part of it. 0 takes it away."""
    require(actor, "opportunities.change_opportunity")
    opportunity = lock_kept(member.opportunity, version)
    if opportunity.status != Opportunity.Status.OPEN:
        raise IllegalState("closed", _("This deal is closed: its credit stands on its order."))
    if not percent.is_finite() or not 0 <= percent <= 100 or percent != percent.quantize(FINEST):
        raise InvalidInput.of(overlay_pct=_("A share is 0 to 100 %, with at most four decimals."))
    before = member.overlay()
    if before == percent:
        return member
    splits = OpportunitySplit.objects.filter(
        opportunity=opportunity, user=member.user, kind=OpportunitySplit.Kind.OVERLAY
    )
    if percent:
        if not splits.update(percent=percent):
            OpportunitySplit.objects.create(
                opportunity=opportunity, user=member.user, kind=OpportunitySplit.Kind.OVERLAY, percent=percent
            )
    else:
        splits.delete()
    _credit.spread(opportunity)
    opportunity.version += 1
    opportunity.save(update_fields=["version", "updated_at"])
    changed = {"overlay_pct": (before, percent)}
    audit.record("opportunity.overlay_set", opportunity, actor=actor, user=member.user, changed=changed)
    return member
