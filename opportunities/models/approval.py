"""The deal desk: which quotes need whose approval is rows, obeyed by the next quote."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from opportunities.models.quote import Quote
from revops.core.models import BaseModel, currency_field, money_field, percent_field
from revops.core.money import Money
from revops.core.scope import NOBODY

MANAGER = "manager"


class ApprovalRuleQuerySet(models.QuerySet["ApprovalRule"]):
    def visible_to(self, user: Any) -> Self:
        """Everybody who sells may know the limits."""
        return self.all() if user.is_authenticated and user.is_active else self.filter(NOBODY)

    def in_force(self) -> Self:
        """Those that may fire, in the order in which they decide."""
        return self.filter(is_active=True).order_by("priority", "pk")


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def visible_to(self, user: Any) -> Self:
        """Seen with its quote."""
        return self.filter(quote__in=Quote.objects.visible_to(user).values("pk"))

    def open(self) -> Self:
        return self.filter(status__in=[ApprovalRequest.Status.SUBMITTED, ApprovalRequest.Status.IN_REVIEW])

    def waiting_for(self, user: Any) -> Self:
        """Open requests whose turn is this person's; never one's own."""
        turn = ApprovalStep.objects.filter(request=OuterRef("pk"), status="waiting").order_by("position")
        rows = self.open().annotate(
            turn_role=Subquery(turn.values("role")[:1]), turn_approver=Subquery(turn.values("approver_id")[:1])
        )
        mine = Q(turn_approver=user.pk) | Q(turn_approver__isnull=True, turn_role__in=user.groups.values("name"))
        return rows.filter(mine).exclude(submitted_by=user)


class ApprovalRule(BaseModel):
    """Fires when every condition that is set holds; the rule with the lowest priority number that fires decides.

    `min_amount` is inclusive (amount ≥), `margin_below` strict (margin <). `approvers` are role names, in order;
    "manager" is the owner's manager.
    """

    name = models.CharField(max_length=120)
    priority = models.PositiveSmallIntegerField(default=100)
    min_amount = money_field(null=True, blank=True)
    currency = currency_field()
    margin_below = percent_field(null=True, blank=True)
    approvers = ArrayField(models.CharField(max_length=40))
    is_active = models.BooleanField(default=True)

    objects = ApprovalRuleQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_amount__isnull=False) | Q(margin_below__isnull=False),
                name="approval_rule_has_condition",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def condition(self) -> str:
        """In words: from USD 250,000 and a margin under 30 %."""
        parts = []
        if self.min_amount is not None:
            parts.append(gettext("from %(amount)s") % {"amount": Money(self.min_amount, self.currency).format()})
        if self.margin_below is not None:
            parts.append(gettext("margin under %(n)s %%") % {"n": f"{self.margin_below.normalize():f}"})
        return ", ".join(parts)


class ApprovalRequest(BaseModel):
    """One submission of one quote, with the values that were tested."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        RECALLED = "recalled", _("Recalled")

    TRANSITIONS = {
        Status.SUBMITTED: frozenset({Status.IN_REVIEW, Status.RECALLED}),
        Status.IN_REVIEW: frozenset({Status.APPROVED, Status.REJECTED, Status.RECALLED}),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset(),
        Status.RECALLED: frozenset(),
    }

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="approvals")
    rule = models.ForeignKey(ApprovalRule, on_delete=models.PROTECT, related_name="requests")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SUBMITTED)
    snapshot = models.JSONField()
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["quote"], condition=Q(status__in=["submitted", "in_review"]), name="approval_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quote}: {self.status}"


class ApprovalStep(BaseModel):
    """One approver's turn. Whoever submitted never decides (INV-10)."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    TRANSITIONS = {
        Status.WAITING: frozenset({Status.APPROVED, Status.REJECTED}),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset(),
    }

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=40)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="approvals_asked",
    )
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["request", "position"], name="approval_step_once"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("submitted_by")),
                name="approver_is_not_submitter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.status}"

    @property
    def who(self) -> str:
        """The named person, or the role."""
        return str(self.approver) if self.approver else self.role
