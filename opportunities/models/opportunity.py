"""The opportunity, who shares its credit, and how it moved."""

from decimal import Decimal
from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Activity, Contact
from leads.models import Lead
from opportunities.models.pipeline import Category, Pipeline, Stage
from revops.catalog.models import Product
from revops.core import clock
from revops.core.history import tracked
from revops.core.models import (
    BaseModel,
    CustomData,
    ExternalRef,
    Stamped,
    currency_field,
    money_field,
    percent_field,
    search_field,
    search_indexes,
    unique_external_ref,
)
from revops.core.money import Money
from revops.core.scope import NOBODY, ScopedQuerySet, reach_ids
from revops.users.holders import held_by_working_people
from revops.users.shares import or_shared


class LossReason(BaseModel):
    """Why deals are lost."""

    label = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label


class OpportunityQuerySet(ScopedQuerySet["Opportunity"]):
    def visible_to(self, user: Any) -> Self:
        """Owner's reach, a split, a place on the deal team, or shared by name."""
        ids = reach_ids(user)
        if ids is None:
            return self.all()
        if not ids:
            return self.filter(NOBODY)
        # EXISTS leaves the database the choice: a look into an index for a few deals, a table of keys for many.
        shared = OpportunitySplit.objects.filter(opportunity=OuterRef("pk"), user_id__in=ids)
        team = OpportunityTeamMember.objects.filter(opportunity=OuterRef("pk"), user_id__in=ids, left_at__isnull=True)
        own = or_shared(Q(owner_id__in=ids), user, pk="opportunities.opportunity")
        return self.filter(own | Q(Exists(shared)) | Q(Exists(team)))

    def open(self) -> Self:
        return self.filter(status=Opportunity.Status.OPEN)

    def won(self) -> Self:
        return self.filter(status=Opportunity.Status.WON)


@tracked()
class Opportunity(BaseModel, CustomData, ExternalRef):
    """A potential order that we actively pursue.

    Stage, status, category and probability move together, by services only.

    `imported` marks history from another system: it raises no order, task, mail, commission or score of its own.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    # Between open stages the stage alone changes; its rules stand in services/moves.py.
    TRANSITIONS = {
        Status.OPEN: frozenset({Status.WON, Status.LOST}),
        Status.WON: frozenset({Status.OPEN}),
        Status.LOST: frozenset({Status.OPEN}),
    }

    class Kind(models.TextChoices):
        NEW = "new", _("New business")
        UPSELL = "upsell", _("Upsell")
        CROSS_SELL = "cross_sell", _("Cross-sell")
        RENEWAL = "renewal", _("Renewal")

    name = models.CharField(max_length=200)
    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities")
    lead = models.OneToOneField(
        Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="opportunity", editable=False
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="opportunities")
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="opportunities")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="opportunities")
    status = models.CharField(max_length=4, choices=Status.choices, default=Status.OPEN, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.NEW)
    amount = money_field(null=True, blank=True)
    currency = currency_field()
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities")
    opened_on = models.DateField()
    close_on = models.DateField(null=True, blank=True, help_text=_("Expected while open."))
    closed_on = models.DateField(null=True, blank=True, editable=False)
    probability = percent_field()
    category = models.CharField(max_length=10, choices=Category.choices)
    category_overridden = models.BooleanField(default=False, editable=False)
    source = models.CharField(max_length=60, blank=True, default="")
    loss_reason = models.ForeignKey(
        LossReason, null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities"
    )
    won_reason = models.CharField(
        max_length=400, blank=True, default="", help_text=_("Why it was won without an accepted quote.")
    )
    stage_entered_at = models.DateTimeField(editable=False)
    imported = models.BooleanField(default=False, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    search = search_field("name")

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("opportunities")
        constraints = [
            unique_external_ref("opportunity_external_ref_unique", archivable=True),
            models.CheckConstraint(
                condition=~Q(status="won") | Q(account__isnull=False), name="opportunity_won_has_account"
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_on__isnull=True) | (~Q(status="open") & Q(closed_on__isnull=False)),
                name="opportunity_closed_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="lost") | Q(loss_reason__isnull=False) | Q(imported=True),
                name="opportunity_lost_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="opportunity_amount_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "status", "close_on", "id"], name="opp_by_owner"),
            models.Index(
                "stage", F("amount").desc(nulls_last=True), "id", condition=Q(status="open"), name="opp_board"
            ),
            # What the heads of the board add up, without a look at the rows themselves.
            models.Index(
                fields=["stage"],
                include=["id", "owner", "amount", "currency", "probability", "closed_on", "stage_entered_at"],
                condition=Q(status="open", archived_at__isnull=True),
                name="opp_open_sums",
            ),
            models.Index(fields=["status", "closed_on", "id"], name="opp_by_closed"),
            models.Index(F("amount").desc(nulls_last=True), F("id").desc(), name="opp_by_amount"),
            models.Index(fields=["close_on", "id"], name="opp_by_close"),
            models.Index(fields=["account", "-id"], name="opp_by_account"),
            models.Index(fields=["name", "id"], name="opp_by_name"),
            *search_indexes("opp"),
        ]
        triggers = held_by_working_people("opportunity_holder", "{r}.status = 'open' AND {r}.archived_at IS NULL")

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        """OPP-2291."""
        return f"OPP-{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("opportunity-detail", args=[self.pk])

    @property
    def amount_money(self) -> Money | None:
        """The amount with its currency; nothing while it is unknown."""
        return None if self.amount is None else Money(self.amount, self.currency)


class StageHistory(models.Model):
    """One move: from where to where, when, by whom, and how long it had stood there."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="stage_history")
    from_stage = models.ForeignKey(Stage, null=True, on_delete=models.PROTECT, related_name="+")
    to_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    seconds_in_stage = models.PositiveBigIntegerField(null=True)

    class Meta:
        verbose_name_plural = _("stage history")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["opportunity", "at"], name="stage_history_by_opp")]

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}"


class OpportunitySplit(Stamped):
    """A person's share. Revenue splits add up to 100 % (deferred trigger); overlays do not count in the sum.

    `amount` is the share of the opportunity's amount in its currency: `allocate(amount, percents)` over the revenue
    splits in the order of their ids (0 while the amount is unknown; an overlay's is money(amount x percent)).
    Every service that writes the amount or the splits writes it too, so that totals run over these rows in SQL.
    """

    class Kind(models.TextChoices):
        REVENUE = "revenue", _("Revenue")
        OVERLAY = "overlay", _("Overlay")

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="splits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="opportunity_splits")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.REVENUE)
    percent = percent_field()
    amount = money_field(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "user", "kind"], name="opportunity_split_once"),
            models.CheckConstraint(condition=Q(percent__gte=0), name="opportunity_split_not_negative"),
        ]
        indexes = [models.Index(fields=["user", "opportunity"], name="opp_split_by_user")]
        triggers = [
            pgtrigger.Trigger(
                name="opportunity_splits_sum_to_100",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                timing=pgtrigger.Deferred,
                declare=[("total", "numeric"), ("opp", "bigint")],
                func="""
                    opp := COALESCE(NEW.opportunity_id, OLD.opportunity_id);
                    SELECT SUM(percent) INTO total FROM opportunities_opportunitysplit
                        WHERE opportunity_id = opp AND kind = 'revenue';
                    IF total IS NOT NULL AND total <> 100 THEN
                        RAISE EXCEPTION 'revenue splits of opportunity % add up to %, not 100', opp, total
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.percent} %"


class OpportunityTeamMember(Stamped):
    """Someone who works on the deal without owning it, from when until when. Who left no longer sees it by this."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="team")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deal_teams")
    role = models.CharField(max_length=40)
    joined_at = models.DateTimeField(default=clock.now)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "user"], name="opportunity_team_member_once"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at")),
                name="team_member_left_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"

    def overlay(self) -> Decimal:
        """Their credit beside the 100 %: what the split rows say."""
        overlay = self.opportunity.splits.filter(user_id=self.user_id, kind=OpportunitySplit.Kind.OVERLAY).first()
        return overlay.percent if overlay is not None else Decimal(0)


class OpportunityActivity(models.Model):
    """An activity on an opportunity's timeline."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="opportunity_activities")
    activity = models.OneToOneField(Activity, on_delete=models.CASCADE, related_name="opportunity_link")

    class Meta:
        verbose_name_plural = _("opportunity activities")

    def __str__(self) -> str:
        return str(self.activity)
