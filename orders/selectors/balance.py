"""What accounts owe: one definition, per currency, with an as-of day and in ageing buckets (INV-23)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from accounts.models import Account
from orders.models import CreditNote, Invoice, Payment, PaymentAllocation
from revops.core import clock
from revops.core.money import Money

ZERO = Decimal(0)
AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=19, decimal_places=3)
# key, label, the last day past due that still belongs to it
BUCKETS = (
    ("current", gettext_lazy("Not due"), 0),
    ("1-30", gettext_lazy("1–30 days"), 30),
    ("31-60", gettext_lazy("31–60 days"), 60),
    ("61-90", gettext_lazy("61–90 days"), 90),
    ("90+", gettext_lazy("Over 90 days"), None),
)


def bucket_of(due_on: date, as_of: date) -> str:
    """The one bucket of an open invoice: by days past due."""
    days = (as_of - due_on).days
    return next(key for key, _label, last in BUCKETS if last is None or days <= last)


@dataclass
class Balance:
    """What one account owes in one currency: balance = issued − credited − allocated, and the buckets add up to it.

    `unapplied` is money received that no invoice has taken: a credit beside the balance, never a negative balance.
    """

    account: Account
    currency: str
    issued: Decimal = ZERO
    credited: Decimal = ZERO
    allocated: Decimal = ZERO
    unapplied: Decimal = ZERO
    buckets: dict[str, Decimal] = field(default_factory=lambda: {key: ZERO for key, _label, _last in BUCKETS})

    @property
    def balance(self) -> Decimal:
        return self.issued - self.credited - self.allocated

    @property
    def balance_money(self) -> Money:
        return Money(self.balance, self.currency)

    @property
    def unapplied_money(self) -> Money:
        return Money(self.unapplied, self.currency)

    @property
    def overdue(self) -> Decimal:
        return self.balance - self.buckets["current"]

    @property
    def overdue_money(self) -> Money:
        return Money(self.overdue, self.currency)

    @property
    def aged(self) -> list[Money]:
        """The buckets in order."""
        return [Money(self.buckets[key], self.currency) for key, _label, _last in BUCKETS]


def _issued_by(invoices: QuerySet[Invoice], as_of: date) -> QuerySet[Any]:
    """Issued invoices with what was credited and allocated by that day."""
    credits = CreditNote.objects.filter(invoice=OuterRef("pk"), issued_on__lte=as_of).order_by().values("invoice")
    before = PaymentAllocation.objects.filter(invoice=OuterRef("pk"), payment__received_on__lte=as_of)
    taken = before.order_by().values("invoice")
    return (
        invoices.exclude(status=Invoice.Status.DRAFT)
        .filter(issued_on__lte=as_of)
        .annotate(
            credits_by=Coalesce(Subquery(credits.annotate(s=Sum("amount")).values("s")), ZERO, output_field=AMOUNT),
            taken_by=Coalesce(Subquery(taken.annotate(s=Sum("amount")).values("s")), ZERO, output_field=AMOUNT),
        )
    )


def ageing(*, invoices: QuerySet[Invoice], payments: QuerySet[Payment], as_of: date | None = None) -> list[Balance]:
    """Balances by account and currency over these invoices and payments, largest first; the database adds up."""
    day = as_of or clock.today()
    still = F("total") - F("credits_by") - F("taken_by")
    rows = _issued_by(invoices.order_by(), day).annotate(open_by=still).values("account_id", "currency")
    spans = {f"bucket_{place}": Sum("open_by", filter=_within(key, day)) for place, (key, _l, _d) in enumerate(BUCKETS)}
    owed = list(rows.annotate(issued=Sum("total"), credited=Sum("credits_by"), taken=Sum("taken_by"), **spans))
    spare = _unapplied(payments, day).values("account_id", "currency").annotate(left=Sum(F("amount") - F("allocated")))
    left = {(row["account_id"], row["currency"]): row["left"] for row in spare}
    accounts = Account.objects.in_bulk({row["account_id"] for row in owed} | {key for key, _currency in left})
    found: dict[tuple[int, str], Balance] = {}
    for row in owed:
        balance = Balance(accounts[row["account_id"]], row["currency"], row["issued"], row["credited"], row["taken"])
        for place, (key, _label, _last) in enumerate(BUCKETS):
            balance.buckets[key] = row[f"bucket_{place}"] or ZERO
        found[row["account_id"], row["currency"]] = balance
    for (account, currency), amount in left.items():
        found.setdefault((account, currency), Balance(accounts[account], currency)).unapplied = amount
    return sorted(found.values(), key=lambda row: (-row.balance, row.account.name, row.currency))


def _within(key: str, as_of: date) -> Q:
    """Due in this bucket's days; without a due date, due on the day itself."""
    span = Q(**bucket_span(key, as_of))
    return span | Q(due_on__isnull=True) if key == "current" else span


def _unapplied(payments: QuerySet[Payment], day: date) -> QuerySet[Payment]:
    rows = payments.order_by().filter(received_on__lte=day, allocated__lt=F("amount"))
    return rows.exclude(status=Payment.Status.REVERSED)


def account_balance(account: Account, *, as_of: date | None = None) -> list[Balance]:
    """What an account owes, one row a currency; nothing is added up over currencies."""
    return ageing(
        invoices=Invoice.objects.filter(account=account), payments=Payment.objects.filter(account=account), as_of=as_of
    )


def totals(balances: Iterable[Balance]) -> dict[str, list[Money]]:
    """The buckets of many balances, then balance and unapplied credit, each summed per currency."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO] * (len(BUCKETS) + 2))
    for row in balances:
        figures = [*(money.amount for money in row.aged), row.balance, row.unapplied]
        sums[row.currency] = [a + b for a, b in zip(sums[row.currency], figures, strict=True)]
    return {currency: [Money(value, currency) for value in values] for currency, values in sorted(sums.items())}


def bucket_span(key: str, as_of: date) -> dict[str, str]:
    """The due dates of a bucket, as the invoice list filters by them."""
    lasts = {name: last for name, _label, last in BUCKETS}
    keys = [name for name, _label, _last in BUCKETS]
    before = lasts[keys[keys.index(key) - 1]] if key != "current" else None
    span = {}
    if lasts[key] is not None:
        span["due_on__gte"] = (as_of - timedelta(days=lasts[key] or 0)).isoformat()
    if before is not None:
        span["due_on__lte"] = (as_of - timedelta(days=before + 1)).isoformat()
    return span
