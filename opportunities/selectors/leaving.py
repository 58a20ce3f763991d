"""What hangs on somebody who leaves."""

from django.db.models import QuerySet

from opportunities.models import ApprovalRequest, ApprovalStep, Opportunity, OpportunitySplit, OpportunityTeamMember
from revops.users.models import User


def deals_shared_with(user: User) -> QuerySet[Opportunity]:
    """Open deals on which a person has credit or a place without owning them."""
    credited = OpportunitySplit.objects.filter(user=user).values("opportunity_id")
    team = OpportunityTeamMember.objects.filter(user=user).values("opportunity_id")
    rows = Opportunity.objects.open().filter(archived_at__isnull=True).exclude(owner=user)
    return rows.filter(pk__in=credited) | rows.filter(pk__in=team)


def approvals_waiting_for(user: User) -> QuerySet[ApprovalStep]:
    """Turns of open requests that name this person."""
    return ApprovalStep.objects.filter(
        approver=user, status=ApprovalStep.Status.WAITING, request__in=ApprovalRequest.objects.open()
    )
