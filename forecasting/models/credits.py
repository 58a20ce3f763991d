"""Credit: how much of an order line counts for whom. It is not pay."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from forecasting.models.compensation import PlanAssignment
from forecasting.models.pay_scope import PayQuerySet
from orders.models import Order, OrderLine
from revops.core.models import currency_field, money_field, percent_field


class CreditQuerySet(PayQuerySet):
    dated_rows = "SELECT c.id, c.payee_id, c.credit_on AS on_day FROM forecasting_credit c"

    def live(self) -> "CreditQuerySet":
        """What counts now: neither taken back nor a taking back."""
        return self.filter(reverses__isnull=True, reversed_by__isnull=True)


class Credit(models.Model):
    """A share of an order line's net, in the order's currency, and converted once to that of the payee's plan.

    Direct and split credits that stand add up to the line (INV-40); overlays are outside that sum. Append-only:
    a change takes the old rows back by reversals and writes new ones under the next revision.
    """

    class Kind(models.TextChoices):
        DIRECT = "direct", _("Direct")
        SPLIT = "split", _("Split")
        OVERLAY = "overlay", _("Overlay")
        REVERSAL = "reversal", _("Reversal")

    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credits")
    assignment = models.ForeignKey(
        PlanAssignment,
        null=True,
        on_delete=models.PROTECT,
        related_name="credits",
        help_text=_("Empty when no plan covers the date: it counts, and nobody is paid."),
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="credits")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="credits")
    revision = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    percent = percent_field()
    amount = money_field()
    currency = currency_field()
    fx_rate = models.DecimalField(max_digits=18, decimal_places=10, default=1)
    plan_amount = money_field()
    plan_currency = currency_field()
    credit_on = models.DateField()
    source_event = models.CharField(max_length=60)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CreditQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_line", "revision", "payee", "kind"],
                condition=~Q(kind="reversal"),
                name="credit_once_per_revision",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversal", reverses__isnull=False) | (~Q(kind="reversal") & Q(reverses__isnull=True)),
                name="credit_reversal_names_its_credit",
            ),
            models.CheckConstraint(
                condition=~Q(currency=F("plan_currency")) | Q(amount=F("plan_amount"), fx_rate=1),
                name="credit_same_currency_same_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["payee", "credit_on"], name="credit_by_payee"),
            models.Index(fields=["order"], name="credit_by_order"),
        ]
        triggers = [
            pgtrigger.Protect(name="credit_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="credits_add_up_to_the_line",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("credited", "numeric"), ("net", "numeric")],
                func="""
                    SELECT SUM(c.amount) INTO credited
                    FROM forecasting_credit c LEFT JOIN forecasting_credit r ON r.id = c.reverses_id
                    WHERE c.order_line_id = NEW.order_line_id
                        AND c.kind <> 'overlay' AND COALESCE(r.kind, '') <> 'overlay';
                    SELECT l.net INTO net FROM orders_orderline l WHERE l.id = NEW.order_line_id;
                    IF credited <> 0 AND credited <> net THEN
                        RAISE EXCEPTION 'credits of order line % add up to %, not %', NEW.order_line_id, credited, net
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"Credit {self.pk}"
