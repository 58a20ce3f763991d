"""Settings as the API shows them: the same for everybody signed in who may see leads."""

from typing import Any

from django.db.models import QuerySet

from leads.models import DisqualifyReason, FitRule, LeadQueue, NamedAccount, RoutingPool, RoutingRule, Scorecard


def scorecard_list(*, viewer: Any) -> QuerySet[Scorecard]:
    """All versions of the scorecard."""
    return Scorecard.objects.all() if viewer.has_perm("leads.view_scorecard") else Scorecard.objects.none()


def rule_list(*, viewer: Any) -> QuerySet[RoutingRule]:
    """All routing rules."""
    rows = RoutingRule.objects.select_related("pool")
    return rows if viewer.has_perm("leads.view_routingrule") else rows.none()


def active_reasons() -> QuerySet[DisqualifyReason]:
    """Reasons that can be chosen today."""
    return DisqualifyReason.objects.filter(is_active=True)


def reason_list(*, viewer: Any) -> QuerySet[DisqualifyReason]:
    """All reasons."""
    return DisqualifyReason.objects.all() if viewer.has_perm("leads.view_lead") else DisqualifyReason.objects.none()


def fit_rule_list(*, viewer: Any) -> QuerySet[FitRule]:
    """All fit rules."""
    return FitRule.objects.all() if viewer.has_perm("leads.view_fitrule") else FitRule.objects.none()


def pool_list(*, viewer: Any) -> QuerySet[RoutingPool]:
    """All pools with their members."""
    rows = RoutingPool.objects.prefetch_related("members")
    return rows if viewer.has_perm("leads.view_routingpool") else rows.none()


def every_pool() -> QuerySet[RoutingPool]:
    """The pools to choose from; who may not write rules is refused by the service."""
    return RoutingPool.objects.all()


def queue_list(*, viewer: Any) -> QuerySet[LeadQueue]:
    """All queues: whoever sees leads may filter by them."""
    return LeadQueue.objects.all() if viewer.has_perm("leads.view_lead") else LeadQueue.objects.none()


def named_account_list(*, viewer: Any) -> QuerySet[NamedAccount]:
    """Companies that are somebody's before there is an account."""
    rows = NamedAccount.objects.select_related("user")
    return rows if viewer.has_perm("leads.view_namedaccount") else rows.none()
