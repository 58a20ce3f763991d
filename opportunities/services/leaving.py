"""When somebody leaves: open deals and what hangs on them go to somebody who stays. What is closed keeps its people."""

from django.db import transaction
from django.db.models import F, QuerySet

from opportunities.models import Opportunity, OpportunitySplit, OpportunityTeamMember
from opportunities.selectors.leaving import approvals_waiting_for, deals_shared_with
from opportunities.services import _credit
from revops.core import audit, clock
from revops.core.models import AuditEntry
from revops.core.status import lock
from revops.users import roles
from revops.users.models import User
from revops.users.services import hand_rows

CHUNK = 200


@transaction.atomic
def hand_over_deals(*, user: User, to: User, actor: User | None) -> int:
    """The next open deals of `user`, with that person's credit and place on them; says how many went."""
    rows = Opportunity.objects.open().filter(archived_at__isnull=True)
    moved = hand_rows(rows=rows, user=user, to=to, actor=actor, action="opportunity.handed_over")
    _hand_shares(Opportunity.objects.filter(pk__in=moved), user, to)
    return len(moved)


@transaction.atomic
def hand_over_shares(*, user: User, to: User, actor: User | None) -> int:
    """Credit and team places on other people's open deals."""
    deals = list(deals_shared_with(user).select_for_update(of=("self",)).order_by("pk")[:CHUNK])
    if not deals:
        return 0
    _hand_shares(Opportunity.objects.filter(pk__in=[deal.pk for deal in deals]), user, to)
    Opportunity.objects.filter(pk__in=[deal.pk for deal in deals]).update(
        version=F("version") + 1, updated_at=clock.now()
    )
    AuditEntry.objects.bulk_create(
        [audit.entry("opportunity.share_handed_over", deal, actor=actor, handed_from=user, to=to) for deal in deals]
    )
    return len(deals)


def _hand_shares(deals: QuerySet[Opportunity], user: User, to: User) -> None:
    """Rows change their person; where the new one has a row already, the two become one."""
    splits = OpportunitySplit.objects.filter(opportunity__in=deals, user=user)
    theirs = {
        (row.opportunity_id, row.kind): row for row in OpportunitySplit.objects.filter(opportunity__in=deals, user=to)
    }
    double = [row for row in splits if (row.opportunity_id, row.kind) in theirs]
    splits.exclude(pk__in=[row.pk for row in double]).update(user=to, updated_at=clock.now())
    for row in double:
        kept = theirs[row.opportunity_id, row.kind]
        kept.percent += row.percent
        row.delete()
        kept.save(update_fields=["percent", "updated_at"])
        _credit.spread(row.opportunity)
    team = OpportunityTeamMember.objects.filter(opportunity__in=deals, user=user)
    there = OpportunityTeamMember.objects.filter(opportunity__in=deals, user=to).values("opportunity_id")
    team.filter(opportunity__in=list(there.values_list("opportunity_id", flat=True))).delete()
    team.update(user=to, updated_at=clock.now())


@transaction.atomic
def hand_over_approvals(*, user: User, to: User, actor: User | None) -> int:
    """Approvals that wait for `user` wait for `to`; for an executive where `to` is who submitted (INV-10)."""
    waiting = list(approvals_waiting_for(user).select_related("request__quote").order_by("pk")[:CHUNK])
    for found in waiting:
        step = lock(found)
        own = step.submitted_by_id == to.pk
        step.approver, step.role = (None, roles.EXECUTIVE) if own else (to, step.role)
        step.version += 1
        step.save(update_fields=["approver", "role", "version", "updated_at"])
        audit.record("approval.handed_over", found.request.quote, actor=actor, handed_from=user, to=step.who)
    return len(waiting)
