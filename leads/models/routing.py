"""Who gets a lead: rules choose a pool, the pool takes its members in turn by weight."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models.lead import Lead, LeadQueue
from revops.core.models import BaseModel


class RoutingPool(BaseModel):
    """People who take leads in turn."""

    name = models.CharField(max_length=80, unique=True)
    is_default = models.BooleanField(default=False)
    answer_minutes = models.PositiveIntegerField(
        default=240, help_text=_("Working minutes until the first answer is due.")
    )
    working_hours = models.BooleanField(
        default=True, help_text=_("Members with working hours of their own take leads only in them.")
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(answer_minutes__gt=0), name="routing_pool_answer_takes_time"),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="routing_pool_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PoolMember(BaseModel):
    """A member's weight, and how many leads in 30 days are enough (empty: no limit).

    `credit` is the smooth weighted round-robin's running value.
    """

    pool = models.ForeignKey(RoutingPool, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pool_memberships")
    weight = models.PositiveSmallIntegerField(default=1)
    monthly_capacity = models.PositiveIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    credit = models.IntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "user"], name="pool_member_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="pool_member_weight_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.user} × {self.weight}"


class RoutingRule(BaseModel):
    """Leads that match (empty list: any) go to the pool; the lowest priority number wins."""

    name = models.CharField(max_length=80)
    priority = models.PositiveSmallIntegerField(default=100)
    sources = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    industries = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    pool = models.ForeignKey(RoutingPool, on_delete=models.PROTECT, related_name="rules")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["priority", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def wanted(self) -> list[str]:
        """The lists that say which leads it is for, as words."""
        return [", ".join(words) for words in (self.sources, self.industries, self.countries) if words]


class NamedAccount(BaseModel):
    """A company that is somebody's before there is an account: its leads go there, by web domain or by name."""

    company = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, editable=False, db_index=True)
    website = models.CharField(max_length=200, blank=True, default="")
    domain = models.CharField(max_length=120, blank=True, default="", editable=False, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="named_accounts")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["company", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(is_active=True), name="named_account_of_one_person"
            ),
        ]

    def __str__(self) -> str:
        return self.company


class Assignment(models.Model):
    """One decision of the router: to a person or a queue, and why. At most one is current (K6).

    `clock_state`: the time to the first answer runs for what the router gave; it ends met or missed.
    """

    class Clock(models.TextChoices):
        NONE = "", _("Not watched")
        RUNS = "runs", _("Runs")
        MET = "met", _("Answered")
        MISSED = "missed", _("Not answered in time")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="assignments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="lead_assignments",
    )
    queue = models.ForeignKey(LeadQueue, null=True, blank=True, on_delete=models.PROTECT, related_name="assignments")
    pool = models.ForeignKey(RoutingPool, null=True, blank=True, on_delete=models.PROTECT, related_name="assignments")
    reason = models.CharField(max_length=200)
    assigned_at = models.DateTimeField()
    sla_due_at = models.DateTimeField(null=True, blank=True)
    is_current = models.BooleanField(default=True)
    clock_state = models.CharField(max_length=6, choices=Clock.choices, blank=True, default="")
    is_second = models.BooleanField(default=False, help_text=_("Given on after somebody did not answer in time."))
    escalated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(is_current=True), name="assignment_one_current"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, queue__isnull=True) | Q(user__isnull=True, queue__isnull=False),
                name="assignment_to_user_or_queue",
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "user", "-assigned_at"], name="assignment_by_member"),
            models.Index(
                fields=["sla_due_at", "id"], condition=Q(clock_state="runs", is_current=True), name="assignment_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead} → {self.user or self.queue}"
