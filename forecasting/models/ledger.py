"""The ledger: what was earned, held and released, in rows that nothing changes."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forecasting.models.compensation import Component, PlanVersion
from forecasting.models.pay_scope import PayQuerySet
from forecasting.models.periods import FiscalPeriod
from orders.models import OrderLine
from revops.core.models import currency_field, money_field


class RunQuerySet(PayQuerySet):
    dated_rows = """
        SELECT r.id, r.payee_id, LEAST(p.last_on, %s::date) AS on_day
        FROM forecasting_commissionrun r JOIN forecasting_fiscalperiod p ON p.id = r.period_id
    """


class CommissionRun(models.Model):
    """One calculation of one payee's month, with how every line was rated. Same facts (hash), same cents."""

    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="commission_runs")
    period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="commission_runs")
    number = models.PositiveIntegerField()
    input_hash = models.CharField(max_length=64)
    posting_period = models.ForeignKey(FiscalPeriod, null=True, on_delete=models.PROTECT, related_name="+")
    ratings = models.JSONField(default=list, help_text=_("What each line counted, at which rate, and what it earned."))
    postings = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payee", "period", "number"], name="commission_run_number_once")]

    def __str__(self) -> str:
        return f"Run {self.period} r{self.number}"


class LedgerQuerySet(PayQuerySet):
    dated_rows = """
        SELECT e.id, e.payee_id, LEAST(p.last_on, %s::date) AS on_day
        FROM forecasting_ledgerentry e JOIN forecasting_fiscalperiod p ON p.id = e.posting_period_id
    """

    def earned(self) -> "LedgerQuerySet":
        """The side of earnings and their take-backs that says how much: +earned, -taken back."""
        return self.filter(kind__in=LedgerEntry.CALCULATED, account=LedgerEntry.Account.EXPENSE)


class LedgerEntry(models.Model):
    """One side of a posting: debit is positive, credit negative; a group sums to zero (INV-31)."""

    class Kind(models.TextChoices):
        EARNING = "earning", _("Earning")
        CLAWBACK = "clawback", _("Taken back")
        RELEASE = "release", _("Release")

    CALCULATED = (Kind.EARNING, Kind.CLAWBACK)

    class Account(models.TextChoices):
        EXPENSE = "expense", _("Expense")
        HELD = "held", _("Held")
        PAYABLE = "payable", _("Payable")

    group = models.UUIDField(default=uuid.uuid4)
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ledger_entries")
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="ledger_entries")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="ledger_entries")
    origin_period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="originated_entries")
    posting_period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="ledger_entries")
    source_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="ledger_entries")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    account = models.CharField(max_length=8, choices=Account.choices)
    amount = money_field()
    currency = currency_field()
    run = models.ForeignKey(CommissionRun, null=True, on_delete=models.PROTECT, related_name="entries")
    reverses = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="reversed_by",
        help_text=_("The entry that this corrects."),
    )
    reason = models.CharField(max_length=200, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_is_not_nothing"),
            models.CheckConstraint(
                condition=~Q(kind="clawback", account="expense") | Q(reverses__isnull=False),
                name="ledger_take_back_names_what_it_reverses",
            ),
        ]
        indexes = [
            models.Index(fields=["payee", "origin_period"], name="ledger_by_origin"),
            models.Index(fields=["payee", "posting_period"], name="ledger_by_posting"),
            models.Index(fields=["group"], name="ledger_by_group"),
        ]
        triggers = [
            pgtrigger.Protect(name="ledger_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="ledger_group_sums_to_zero",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("off", "numeric")],
                func="""
                    SELECT SUM(amount) INTO off FROM forecasting_ledgerentry
                        WHERE "group" = NEW."group" GROUP BY payee_id, currency HAVING SUM(amount) <> 0 LIMIT 1;
                    IF off IS NOT NULL THEN
                        RAISE EXCEPTION 'posting group % is off by %', NEW."group", off
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="ledger_posts_to_open_period",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("state", "text")],
                # The share lock makes closing wait for a posting under way, and the other way round.
                func="""
                    SELECT status INTO state FROM forecasting_fiscalperiod WHERE id = NEW.posting_period_id FOR SHARE;
                    IF state NOT IN ('open', 'calculating') THEN
                        RAISE EXCEPTION 'period % is %: nothing posts to it', NEW.posting_period_id, state
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Ledger entry {self.pk}"
