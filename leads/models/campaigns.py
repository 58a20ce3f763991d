"""Campaigns: what was planned, whom it reached, what it cost, and every touch that came of it."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from leads.models.lead import Lead
from revops.catalog.models import Product
from revops.core.history import tracked
from revops.core.models import BaseModel, Stamped, currency_field, money_field, percent_field
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet


class CampaignQuerySet(ScopedQuerySet["Campaign"]):
    def visible_to(self, user: Any) -> Self:
        """The same for everybody who works with campaigns; whom it reached is seen with the lead or contact."""
        return self.all() if user.has_perm("leads.view_campaign") else self.filter(NOBODY)

    def running(self) -> Self:
        return self.filter(status__in=(Campaign.Status.PLANNED, Campaign.Status.LIVE))


@tracked("lead_count", "responded_count", "qualified_count", "converted_count", "touch_count", "rolled_up_at")
class Campaign(BaseModel):
    """One promotion with its budget, days, offer and results. The counts are the hourly roll-up of its rows."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        LIVE = "live", _("Live")
        ENDED = "ended", _("Ended")
        ANALYSED = "analysed", _("Analysed")

    TRANSITIONS = {
        Status.PLANNED: frozenset({Status.LIVE}),
        Status.LIVE: frozenset({Status.ENDED}),
        Status.ENDED: frozenset({Status.ANALYSED}),
        Status.ANALYSED: frozenset(),
    }

    class Kind(models.TextChoices):
        EMAIL = "email", _("Mailing")
        CONTENT = "content", _("Content")
        ADVERTISING = "advertising", _("Advertising")
        EVENT = "event", _("Event")
        WEBINAR = "webinar", _("Webinar")
        OFFER = "offer", _("Special offer")
        PARTNER = "partner", _("With a partner")
        OTHER = "other", _("Other")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEB = "web", _("Web site")
        SEARCH = "search", _("Search")
        SOCIAL = "social", _("Social media")
        PHONE = "phone", _("Phone")
        POST = "post", _("Post")
        FAIR = "fair", _("Fair or visit")
        PARTNER = "partner", _("Partner")
        OTHER = "other", _("Other")

    name = models.CharField(max_length=120)
    code = models.CharField(max_length=60, help_text=_("What utm_campaign says in links."))
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PLANNED, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.EMAIL)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns")
    starts_on = models.DateField()
    ends_on = models.DateField()
    budget = money_field(default=0)
    actual_cost = money_field(default=0, editable=False)
    currency = currency_field()
    offer = models.CharField(max_length=400, blank=True, default="", help_text=_("What they get, and until when."))
    products = models.ManyToManyField(Product, blank=True, related_name="campaigns")
    uplift_pct = percent_field(null=True, blank=True, help_text=_("By how much demand is expected to rise."))
    stock_needed = models.DecimalField(
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("Units that must be there before it starts."),
    )
    findings = models.TextField(blank=True, default="", help_text=_("What we learned."))
    live_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    analysed_at = models.DateTimeField(null=True, blank=True, editable=False)
    lead_count = models.PositiveIntegerField(default=0, editable=False)
    responded_count = models.PositiveIntegerField(default=0, editable=False)
    qualified_count = models.PositiveIntegerField(default=0, editable=False)
    converted_count = models.PositiveIntegerField(default=0, editable=False)
    touch_count = models.PositiveIntegerField(default=0, editable=False)
    rolled_up_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.UniqueConstraint(Lower("code"), name="campaign_code_once"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="campaign_has_name_and_code"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="campaign_days_in_order"),
            models.CheckConstraint(
                condition=Q(budget__gte=0) & Q(actual_cost__gte=0), name="campaign_money_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(stock_needed__gt=0) | Q(stock_needed=None), name="campaign_stock_positive"
            ),
            models.CheckConstraint(
                condition=Q(uplift_pct__gt=-100) | Q(uplift_pct=None), name="campaign_uplift_above_minus_100"
            ),
            models.CheckConstraint(
                condition=Q(status="planned") | Q(live_at__isnull=False), name="campaign_live_has_date"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["ended", "analysed"]) | Q(ended_at__isnull=False),
                name="campaign_ended_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="analysed") | (Q(analysed_at__isnull=False) & ~Q(findings="")),
                name="campaign_analysed_has_findings",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-starts_on", "id"], name="campaign_by_status"),
            models.Index(fields=["starts_on", "id"], name="campaign_by_start"),
            models.Index(fields=["name", "id"], name="campaign_by_name"),
        ]
        permissions = [("view_campaign_results", "Can see what campaigns earned")]
        triggers = [
            pgtrigger.Trigger(
                name="campaign_waits_for_its_stock",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status="planned", new__status="live"),
                func="""
                    IF EXISTS (SELECT 1 FROM leads_campaigntask task WHERE task.campaign_id = NEW.id
                               AND task.is_stock AND task.done_at IS NULL) THEN
                        RAISE EXCEPTION 'campaign % waits for its stock task', NEW.id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("campaign", args=[self.pk])

    @property
    def budget_money(self) -> Money:
        return Money(self.budget, self.currency)

    @property
    def cost_money(self) -> Money:
        return Money(self.actual_cost, self.currency)

    @property
    def cost_per_lead(self) -> Money | None:
        """What one lead cost, to the coin; None without a lead."""
        return Money(self.actual_cost / self.lead_count, self.currency).rounded() if self.lead_count else None


class CampaignTask(BaseModel):
    """Something that marketing or operations prepares. While a stock task is open the campaign cannot go live."""

    class Area(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        OPERATIONS = "operations", _("Operations")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tasks")
    area = models.CharField(max_length=10, choices=Area.choices)
    title = models.CharField(max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="campaign_tasks"
    )
    due_on = models.DateField(null=True, blank=True)
    is_stock = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        ordering = ["done_at", "due_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="campaign_task_has_title"),
            models.CheckConstraint(
                condition=Q(is_stock=False) | Q(area="operations"), name="campaign_stock_is_operations"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CampaignMemberQuerySet(ScopedQuerySet["CampaignMember"]):
    def visible_to(self, user: Any) -> Self:
        """A member is seen with the lead or contact that it is."""
        if not user.has_perm("leads.view_campaign"):
            return self.filter(NOBODY)
        return self.filter(
            Q(lead__in=Lead.objects.visible_to(user).values("pk"))
            | Q(contact__in=Contact.objects.visible_to(user).values("pk"))
        )


def one_person(name: str) -> models.CheckConstraint:
    """A row is about a lead or about a contact."""
    return models.CheckConstraint(
        condition=Q(lead__isnull=False, contact__isnull=True) | Q(lead__isnull=True, contact__isnull=False), name=name
    )


class CampaignMember(BaseModel):
    """Somebody whom a campaign addresses. The status moves forward only."""

    class Status(models.TextChoices):
        TARGETED = "targeted", _("Chosen")
        CONTACTED = "contacted", _("Contacted")
        ENGAGED = "engaged", _("Opened or clicked")
        RESPONDED = "responded", _("Responded")

    TRANSITIONS = {
        Status.TARGETED: frozenset({Status.CONTACTED, Status.ENGAGED, Status.RESPONDED}),
        Status.CONTACTED: frozenset({Status.ENGAGED, Status.RESPONDED}),
        Status.ENGAGED: frozenset({Status.RESPONDED}),
        Status.RESPONDED: frozenset(),
    }

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="members")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="campaign_members")
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="campaign_members"
    )
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.TARGETED)
    responded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = CampaignMemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "lead"], name="campaign_member_lead_once"),
            models.UniqueConstraint(fields=["campaign", "contact"], name="campaign_member_contact_once"),
            one_person("campaign_member_is_lead_or_contact"),
            models.CheckConstraint(
                condition=~Q(status="responded") | Q(responded_at__isnull=False),
                name="campaign_member_responded_has_date",
            ),
        ]
        indexes = [models.Index(fields=["campaign", "status", "id"], name="campaign_member_by_status")]
        triggers = [
            pgtrigger.Trigger(
                name="campaign_member_moves_forward",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")),
                declare=[("steps", "varchar[]")],
                func="""
                    steps := ARRAY['targeted', 'contacted', 'engaged', 'responded'];
                    IF array_position(steps, NEW.status) < array_position(steps, OLD.status) THEN
                        RAISE EXCEPTION 'member % moves forward only', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return str(self.lead or self.contact)

    def get_absolute_url(self) -> str:
        return self.person.get_absolute_url()

    @property
    def person(self) -> Lead | Contact:
        """The lead or the contact."""
        found = self.lead or self.contact
        assert found is not None  # a check constraint says so
        return found


class TouchPointQuerySet(ScopedQuerySet["TouchPoint"]):
    def visible_to(self, user: Any) -> Self:
        """A touch is seen with the lead or contact that was touched."""
        if not user.has_perm("leads.view_campaign"):
            return self.filter(NOBODY)
        return self.filter(
            Q(lead__in=Lead.objects.visible_to(user).values("pk"))
            | Q(contact__in=Contact.objects.visible_to(user).values("pk"))
        )


class TouchPoint(Stamped):
    """A form sent, a link followed, an event visited: what brought somebody to us. The earliest is the first touch."""

    class Kind(models.TextChoices):
        FORM = "form", _("Form")
        EMAIL = "email", _("E-mail")
        CLICK = "click", _("Link")
        EVENT = "event", _("Event")
        CALL = "call", _("Call")
        OTHER = "other", _("Other")

    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="touches")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="touches")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="touches")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.FORM)
    at = models.DateTimeField()
    utm_source = models.CharField(max_length=120, blank=True, default="")
    utm_medium = models.CharField(max_length=120, blank=True, default="")
    utm_campaign = models.CharField(max_length=120, blank=True, default="")
    utm_term = models.CharField(max_length=120, blank=True, default="")
    utm_content = models.CharField(max_length=120, blank=True, default="")
    landing = models.CharField(max_length=400, blank=True, default="")
    referrer = models.CharField(max_length=400, blank=True, default="")
    note = models.TextField(blank=True, default="")

    objects = TouchPointQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [one_person("touch_point_of_lead_or_contact")]
        indexes = [
            models.Index(fields=["campaign", "at", "id"], name="touch_point_by_campaign"),
            models.Index(fields=["lead", "at", "id"], name="touch_point_by_lead"),
            models.Index(fields=["contact", "at", "id"], name="touch_point_by_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d}"


class CampaignDay(models.Model):
    """What one business day brought a campaign; the roll-up writes it again as often as it runs."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    leads = models.PositiveIntegerField(default=0)
    responses = models.PositiveIntegerField(default=0)
    touches = models.PositiveIntegerField(default=0)
    cost = money_field(default=0)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["campaign", "on"], name="campaign_day_once")]

    def __str__(self) -> str:
        return f"{self.on}"
