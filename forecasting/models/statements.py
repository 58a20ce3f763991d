"""Statements: what a payee was told, frozen."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from forecasting.models.compensation import PlanVersion
from forecasting.models.pay_scope import SEES_ALL, PayQuerySet, holds
from forecasting.models.periods import FiscalPeriod
from orders.models import OrderLine
from revops.core.models import BaseModel, currency_field, money_field, percent_field
from revops.core.money import Money


class StatementQuerySet(PayQuerySet):
    dated_rows = """
        SELECT s.id, s.payee_id, LEAST(p.last_on, %s::date) AS on_day
        FROM forecasting_statement s JOIN forecasting_fiscalperiod p ON p.id = s.period_id
    """

    def visible_to(self, user: object) -> "StatementQuerySet":
        """As all pay; a draft is seen by those who prepare it only."""
        rows = super().visible_to(user)
        return rows if holds(user, SEES_ALL) else rows.exclude(status=Statement.Status.DRAFT)


class Statement(BaseModel):
    """The snapshot of one payee's month. Published it is immutable; a correction is a new edition or a later month."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        DISPUTED = "disputed", _("Disputed")
        FINAL = "final", _("Final")
        PAID = "paid", _("Paid")

    TRANSITIONS = {
        Status.DRAFT: frozenset({Status.PUBLISHED}),
        Status.PUBLISHED: frozenset({Status.ACKNOWLEDGED, Status.DISPUTED}),
        Status.ACKNOWLEDGED: frozenset({Status.FINAL}),
        Status.DISPUTED: frozenset({Status.FINAL}),
        Status.FINAL: frozenset({Status.PAID}),
        Status.PAID: frozenset(),
    }

    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="statements")
    period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="statements")
    edition = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT, editable=False)
    plan_version = models.ForeignKey(PlanVersion, null=True, on_delete=models.PROTECT, related_name="statements")
    plan_label = models.CharField(max_length=160, blank=True, default="")
    currency = currency_field()
    measured = money_field(default=0)
    quota = money_field(null=True, help_text=_("The bound of the highest tier."))
    attainment = models.DecimalField(
        max_digits=9, decimal_places=1, null=True, help_text=_("Truncated, never rounded.")
    )
    earned = money_field(default=0, help_text=_("Of this period's credits."))
    corrections = money_field(default=0, help_text=_("Of earlier periods, posted in this one."))
    held = money_field(default=0, help_text=_("Of what was posted in this period."))
    released = money_field(default=0, help_text=_("From earlier holds."))
    payable = money_field(default=0)
    terms = models.JSONField(
        default=list, help_text=_("Each component with its tiers as they stood, and where it got.")
    )
    input_hash = models.CharField(max_length=64, blank=True, default="")
    run_label = models.CharField(max_length=40, blank=True, default="")
    published_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    acknowledged_at = models.DateTimeField(null=True, editable=False)

    objects = StatementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payee", "period", "edition"], name="statement_edition_once"),
            models.CheckConstraint(
                condition=Q(payable=F("earned") + F("corrections") - F("held") + F("released")),
                name="statement_adds_up",
            ),
            models.UniqueConstraint(
                fields=["payee", "period"], condition=Q(status="draft"), name="statement_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(published_at__isnull=False), name="statement_published_has_date"
            ),
        ]
        indexes = [
            models.Index(fields=["payee", "-id"], name="statement_by_payee"),
            models.Index(fields=["period", "payee"], name="statement_by_period"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_statement_stays",
                operation=pgtrigger.Delete,
                condition=~pgtrigger.Q(old__status="draft"),
            ),
            pgtrigger.Trigger(
                name="published_statement_is_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__status="draft"),
                func="""
                    IF to_jsonb(NEW) - ARRAY['status', 'version', 'updated_at', 'acknowledged_at']
                        IS DISTINCT FROM to_jsonb(OLD) - ARRAY['status', 'version', 'updated_at', 'acknowledged_at']
                        OR NEW.status = 'draft'
                    THEN
                        RAISE EXCEPTION 'statement % is published: it is frozen', OLD.id
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Statement {self.period}, edition {self.edition}"

    def money(self, name: str) -> Money:
        return Money(getattr(self, name), self.currency)


class StatementLine(models.Model):
    """One order line behind the figure, with everything that its sentence needs."""

    class State(models.TextChoices):
        HELD = "held", _("Held")
        PAYABLE = "payable", _("Payable")
        REVERSED = "reversed", _("Reversed while held")
        TAKEN_BACK = "taken_back", _("Taken back")

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="statement_lines")
    order_number = models.CharField(max_length=30)
    line_number = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    account_name = models.CharField(max_length=200)
    booked_on = models.DateField()
    order_value = money_field(help_text=_("The line's net, in the order's currency."))
    order_currency = currency_field()
    percent = percent_field()
    fx_rate = models.DecimalField(max_digits=18, decimal_places=10, default=1)
    credited = money_field(help_text=_("In the statement's currency."))
    component = models.CharField(max_length=80)
    tier = models.PositiveSmallIntegerField(null=True)
    rate = percent_field(null=True)
    slices = models.JSONField(default=list, help_text=_("[[amount, rate], …] when a line is paid at several rates."))
    shared_with = models.JSONField(default=list, help_text=_("[[name, percent], …] of the others."))
    exact = models.CharField(max_length=60, blank=True, default="", help_text=_("The amount before rounding."))
    amount = money_field()
    state = models.CharField(max_length=10, choices=State.choices)
    origin_label = models.CharField(max_length=12, help_text=_("The month that it was earned in."))

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "position"], name="statement_line_position_once"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_statement_lines_are_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("state", "text")],
                func="""
                    SELECT status INTO state FROM forecasting_statement
                        WHERE id = COALESCE(NEW.statement_id, OLD.statement_id);
                    IF state <> 'draft' THEN
                        RAISE EXCEPTION 'the statement is published: its lines are frozen'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_number}.{self.line_number}"
