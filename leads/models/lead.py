"""The lead: a potential buyer who is not qualified yet; converts once."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Activity, Contact
from revops.catalog.models import Product
from revops.core.history import tracked
from revops.core.models import (
    BaseModel,
    CustomData,
    ExternalRef,
    Mergeable,
    alias_triggers,
    merge_rules,
    search_field,
    search_indexes,
    unique_external_ref,
)
from revops.core.registries import scope_sources
from revops.core.scope import NOBODY, ScopedQuerySet, within_reach
from revops.users.holders import held_by_working_people
from revops.users.shares import or_shared


class LeadQueue(BaseModel):
    """Where leads wait that no person owns; the queue has an owner who looks after it."""

    name = models.CharField(max_length=80, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="lead_queues")
    is_fallback = models.BooleanField(default=False)
    is_manual = models.BooleanField(
        default=False, help_text=_("Where leads wait for a person to decide: several territories fit equally.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_manual"], condition=Q(is_manual=True), name="lead_queue_one_manual"),
            models.UniqueConstraint(
                fields=["is_fallback"], condition=Q(is_fallback=True), name="lead_queue_one_fallback"
            ),
        ]
        triggers = held_by_working_people("lead_queue_holder")

    def __str__(self) -> str:
        return self.name


class DisqualifyReason(BaseModel):
    """Why a lead is no lead."""

    label = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label


class LeadQuerySet(ScopedQuerySet["Lead"]):
    def visible_to(self, user: Any) -> Self:
        """The owner's reach; a queued lead by its queue's owner's reach; and whom it was handed to or shared with."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        condition = or_shared(within_reach(user, "owner", "queue__owner"), user, pk="leads.lead")
        for source in scope_sources.all():
            # An empty condition is everybody's records: nothing may be added to it.
            if source.model == "leads.lead" and condition:
                condition |= Q(pk__in=source.ids(user))
        return self.filter(condition, merged_into__isnull=True)

    def open(self) -> Self:
        return self.filter(status__in=Lead.OPEN)


@tracked("next_due_at")
class Lead(BaseModel, CustomData, ExternalRef, Mergeable):
    """A person (and company) who may buy. Exactly one of owner and queue holds it (INV-70)."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        WORKING = "working", _("Working")
        NURTURE = "nurture", _("Nurture")
        QUALIFIED = "qualified", _("Qualified")
        DISQUALIFIED = "disqualified", _("Disqualified")
        CONVERTED = "converted", _("Converted")

    OPEN = (Status.NEW, Status.WORKING, Status.NURTURE, Status.QUALIFIED)

    TRANSITIONS = {
        Status.NEW: frozenset({Status.WORKING, Status.DISQUALIFIED}),
        Status.WORKING: frozenset({Status.QUALIFIED, Status.NURTURE, Status.DISQUALIFIED}),
        Status.QUALIFIED: frozenset({Status.CONVERTED, Status.WORKING, Status.DISQUALIFIED}),
        Status.NURTURE: frozenset({Status.WORKING}),
        Status.DISQUALIFIED: frozenset({Status.WORKING}),
        Status.CONVERTED: frozenset(),
    }

    first_name = models.CharField(max_length=80, blank=True, default="")
    last_name = models.CharField(max_length=80)
    company = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, blank=True, default="", editable=False, db_index=True)
    person_key = models.CharField(max_length=200, blank=True, default="", editable=False, db_index=True)
    title = models.CharField(max_length=120, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    email_key = models.CharField(max_length=254, blank=True, default="", editable=False, db_index=True)
    domain = models.CharField(max_length=120, blank=True, default="", editable=False, db_index=True)
    phone = models.CharField(max_length=40, blank=True, default="")
    phone_key = models.CharField(max_length=20, blank=True, default="", editable=False, db_index=True)
    website = models.CharField(max_length=200, blank=True, default="")
    industry = models.CharField(max_length=80, blank=True, default="")
    employees = models.PositiveIntegerField(null=True, blank=True)
    country = models.CharField(max_length=80, blank=True, default="")
    region = models.CharField(max_length=80, blank=True, default="")
    source = models.CharField(max_length=60, blank=True, default="")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    queue = models.ForeignKey(LeadQueue, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    do_not_route = models.BooleanField(default=False)
    competition = models.TextField(blank=True, default="", help_text=_("Who else they are talking to."))
    next_step = models.CharField(max_length=200, blank=True, default="")
    disqualify_reason = models.ForeignKey(
        DisqualifyReason, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    rejection_note = models.CharField(max_length=400, blank=True, default="", editable=False)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="leads")
    qualified_at = models.DateTimeField(null=True, blank=True, editable=False)
    converted_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When the earliest planned activity is due. Triggers on activities and their links keep it (migration 0020), for
    # lists of a million to be counted and sorted by it; no service writes it.
    next_due_at = models.DateTimeField(null=True, blank=True, editable=False)

    search = search_field(("first_name", "last_name"), "company", "email")

    objects = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            unique_external_ref("lead_external_ref_unique", archivable=True),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, queue__isnull=True) | Q(owner__isnull=True, queue__isnull=False),
                name="lead_held_by_owner_or_queue",
            ),
            models.CheckConstraint(
                condition=~Q(status="disqualified") | Q(disqualify_reason__isnull=False),
                name="lead_disqualified_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="converted")
                | Q(converted_at__isnull=False, account__isnull=False, contact__isnull=False),
                name="lead_converted_has_account_and_contact",
            ),
            *merge_rules("lead"),
        ]
        indexes = [
            models.Index(fields=["owner", "status", "-id"], name="lead_by_owner_status"),
            models.Index(fields=["queue", "-id"], condition=Q(queue__isnull=False), name="lead_by_queue"),
            models.Index(fields=["status", "-id"], name="lead_by_status"),
            models.Index(fields=["company", "id"], name="lead_by_company"),
            models.Index(fields=["last_name", "id"], name="lead_by_name"),
            models.Index(fields=["created_at", "id"], name="lead_by_time"),
            models.Index(Upper("country"), "created_at", "id", name="lead_by_country"),
            models.Index(fields=["next_due_at", "id"], name="lead_by_next_action"),
            *search_indexes("lead"),
        ]
        permissions = [
            ("allow_duplicate", "Can create a lead that looks like an existing record"),
            ("assign_lead", "Can give leads to other people"),
            ("route_lead", "Can have leads routed"),
            ("qualify_lead", "Can answer the criteria, qualify and disqualify"),
            ("merge_lead", "Can merge leads"),
        ]
        triggers = [
            *held_by_working_people("lead_holder", "{r}.status IN ('new', 'working', 'nurture', 'qualified')"),
            *alias_triggers("lead"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("lead-detail", args=[self.pk])

    @property
    def name(self) -> str:
        """The person's full name."""
        return f"{self.first_name} {self.last_name}".strip()


class LeadActivity(models.Model):
    """An activity on a lead's timeline."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="lead_activities")
    activity = models.OneToOneField(Activity, on_delete=models.CASCADE, related_name="lead_link")

    class Meta:
        verbose_name_plural = _("lead activities")

    def __str__(self) -> str:
        return str(self.activity)
