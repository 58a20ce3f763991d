"""Which quotes need whose approval: the same answer for the preview on the editor and for the submission."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from opportunities.models import ApprovalRequest, ApprovalRule, ApprovalStep, Quote
from opportunities.models.approval import MANAGER
from opportunities.selectors.pricing import Priced, below
from revops.core import clock
from revops.core.money import Money
from revops.core.organisation import convert
from revops.users import roles
from revops.users.models import User
from revops.users.selectors import managers_above


@dataclass(frozen=True)
class Turn:
    """One approver's turn: a named person, or whoever holds the role."""

    role: str
    approver: User | None

    @property
    def who(self) -> str:
        return str(self.approver) if self.approver else self.role


def deciding_rule(*, net: Decimal, cost: Decimal, currency: str, on: date) -> ApprovalRule | None:
    """The rule with the lowest priority number that fires; None: no approval is needed.

    The amount (net, without tax) is compared in the rule's currency. Raises MissingRate.
    """
    return next((rule for rule in ApprovalRule.objects.in_force() if fires(rule, net, cost, currency, on)), None)


def fires(rule: ApprovalRule, net: Decimal, cost: Decimal, currency: str, on: date) -> bool:
    """Whether every condition that the rule sets holds: amount at or above, margin strictly below."""
    if rule.min_amount is not None:
        amount = convert(Money(net, currency), rule.currency, on).money.amount
        if amount < rule.min_amount:
            return False
    return rule.margin_below is None or below(net, cost, rule.margin_below)


@dataclass(frozen=True)
class RuleState:
    """A rule and whether it fires on what is shown."""

    rule: ApprovalRule
    fires: bool


def rule_states(priced: Priced | Quote, currency: str) -> list[RuleState]:
    """Every rule in force against these figures."""
    day = clock.today()
    rules = list(ApprovalRule.objects.in_force())
    return [RuleState(rule, fires(rule, priced.net, priced.cost, currency, day)) for rule in rules]


def lowest_margin() -> Decimal:
    """Where the gauge puts its mark: the margin under which somebody is asked whatever the amount."""
    plain = ApprovalRule.objects.in_force().filter(min_amount__isnull=True, margin_below__isnull=False)
    rule = plain.first() or ApprovalRule.objects.in_force().filter(margin_below__isnull=False).first()
    return rule.margin_below if rule and rule.margin_below is not None else Decimal(0)


def turns_of(rule: ApprovalRule | None, *, owner: User, submitter: User, on: date) -> list[Turn]:
    """Who decides, in order. "manager" is the owner's nearest manager who did not submit; without one, an executive."""
    return [_turn(role, owner, submitter, on) for role in rule.approvers] if rule else []


def _turn(role: str, owner: User, submitter: User, on: date) -> Turn:
    if role != MANAGER:
        return Turn(role, None)
    above = [person for person in managers_above(owner, on) if person.is_active and person != submitter]
    return Turn(MANAGER, above[0]) if above else Turn(roles.EXECUTIVE, None)


def approval_list(*, viewer: Any) -> QuerySet[ApprovalRequest]:
    """Requests with their quote, deal and steps."""
    steps = ApprovalStep.objects.select_related("approver", "decided_by").order_by("position")
    rows = ApprovalRequest.objects.visible_to(viewer).select_related(
        "quote__opportunity__account", "quote__opportunity__owner", "rule", "submitted_by"
    )
    return rows.prefetch_related(Prefetch("steps", queryset=steps))


def approval_inbox(*, viewer: Any) -> QuerySet[ApprovalRequest]:
    """What waits for this person's yes or no, oldest first."""
    return approval_list(viewer=viewer).waiting_for(viewer).order_by("created_at", "pk")  # type: ignore[attr-defined]


def current_step(approval: ApprovalRequest) -> ApprovalStep | None:
    """Whose turn it is."""
    return next((step for step in approval.steps.all() if step.status == ApprovalStep.Status.WAITING), None)


def may_decide(step: ApprovalStep, user: User) -> bool:
    """The named approver, or a holder of the role; never whoever submitted (INV-10)."""
    if step.submitted_by_id == user.pk:
        return False
    if step.approver_id is not None:
        return step.approver_id == user.pk
    return user.groups.filter(name=step.role).exists()


def rule_list(*, viewer: Any) -> QuerySet[ApprovalRule]:
    """Rules as the API and the administration show them."""
    return ApprovalRule.objects.visible_to(viewer)
