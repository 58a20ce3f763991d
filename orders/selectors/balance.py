"""What accounts owe: one definition, per currency, with an as-of day and in ageing buckets (INV-23)."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from accounts.selectors import family_of
from orders.models import CreditNote, Invoice, Payment, PaymentAllocation
from revops.core import clock
from revops.core.errors import BadRequest
from revops.core.keyset import Page, decode, encode
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
# What is added up for an account, and where it comes from.
AGED = tuple(f"bucket_{place}" for place in range(len(BUCKETS)))
COLUMNS = {"owed": ("issued", "credits", "taken", *AGED), "spare": ("unspent",)}
FIGURES = ("balance", *COLUMNS["owed"], *COLUMNS["spare"])
ORDER = ("-balance", "account", "currency")
PAGE = 50


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
    invoices = invoices.exclude(status=Invoice.Status.DRAFT).filter(issued_on__lte=as_of)
    if as_of >= clock.today():  # nothing is credited or received in the future: the invoice's own columns tell
        return invoices.annotate(credits_by=F("credited"), taken_by=F("paid"))
    credits = CreditNote.objects.filter(invoice=OuterRef("pk"), issued_on__lte=as_of).order_by().values("invoice")
    before = PaymentAllocation.objects.filter(invoice=OuterRef("pk"), payment__received_on__lte=as_of)
    taken = before.order_by().values("invoice")
    return invoices.annotate(
        credits_by=Coalesce(Subquery(credits.annotate(s=Sum("amount")).values("s")), ZERO, output_field=AMOUNT),
        taken_by=Coalesce(Subquery(taken.annotate(s=Sum("amount")).values("s")), ZERO, output_field=AMOUNT),
    )


def _holder() -> Any:
    """Who owes it: the account, or what it was merged into; bills stay under the name on them."""
    merged = Account.objects.filter(merged_into__isnull=False).exists()
    return Coalesce("account__merged_into_id", "account_id") if merged else F("account_id")


def _owed(invoices: QuerySet[Invoice], day: date) -> QuerySet[Any]:
    """What each account owes in each currency: issued, credited, taken, and the buckets."""
    still = F("total") - F("credits_by") - F("taken_by")
    rows = _issued_by(invoices.order_by(), day).annotate(open_by=still, holder=_holder()).values("holder", "currency")
    spans = {name: Sum("open_by", filter=_within(key, day)) for name, (key, _l, _d) in zip(AGED, BUCKETS, strict=True)}
    return rows.annotate(issued=Sum("total"), credits=Sum("credits_by"), taken=Sum("taken_by"), **spans)


def _spare(payments: QuerySet[Payment], day: date) -> QuerySet[Any]:
    """What each account has paid that no invoice has taken."""
    rows = payments.order_by().filter(received_on__lte=day, allocated__lt=F("amount"))
    rows = rows.exclude(status=Payment.Status.REVERSED)
    return (
        rows.annotate(holder=_holder()).values("holder", "currency").annotate(unspent=Sum(F("amount") - F("allocated")))
    )


@dataclass(frozen=True)
class Ageing:
    """One page of balances, largest first, and the sums over all of them: currency -> buckets, balance, unapplied."""

    page: Page[Any]
    totals: dict[str, list[Money]]

    @property
    def rows(self) -> list[Balance]:
        return self.page.rows


def ageing(
    *,
    invoices: QuerySet[Invoice],
    payments: QuerySet[Payment],
    as_of: date | None = None,
    cursor: str | None = None,
) -> Ageing:
    """Accounts with something open or unapplied, over these invoices and payments: one statement adds up and pages.

    Raises BadRequest for a cursor that is none.
    """
    day = as_of or clock.today()
    sql, values = _both(invoices, payments, day)
    beyond, backwards = ([], False) if not cursor else _boundary(cursor)
    past = f"WHERE (-balance, holder, currency) {'<' if backwards else '>'} (%s, %s, %s)" if beyond else ""
    way = "DESC" if backwards else ""
    figures = ", ".join(f"sum({name})" for name in FIGURES)
    with connection.cursor() as run:
        run.execute(
            f"WITH {sql}"  # noqa: S608  names of columns; what people wrote is in the values
            f" (SELECT holder, currency, {', '.join(FIGURES)} FROM balances {past}"
            f" ORDER BY -balance {way}, holder {way}, currency {way} LIMIT %s)"
            f" UNION ALL SELECT NULL, currency, {figures} FROM balances GROUP BY currency",
            [*values, *beyond, PAGE + 1],
        )
        found = run.fetchall()
    rows = [row for row in found if row[0] is not None]
    sums = sorted(row[1:] for row in found if row[0] is None)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if backwards:
        rows.reverse()
    accounts = Account.objects.in_bulk({row[0] for row in rows})
    page = _page([_balance(accounts[key], *row) for key, *row in rows], bool(cursor), backwards, more)
    return Ageing(page, {currency: _summed(currency, figures) for currency, *figures in sums})


def _both(invoices: QuerySet[Invoice], payments: QuerySet[Payment], day: date) -> tuple[str, list[Any]]:
    """`balances`, to go on with: one row an account and currency, settled ones left out."""
    parts: list[str] = []
    values: list[Any] = []
    for name, rows in (("owed", _owed(invoices, day)), ("spare", _spare(payments, day))):
        try:
            sql, more = rows.query.sql_with_params()
        except EmptyResultSet:  # nobody's
            nothing = ", ".join(f"0 AS {one}" for one in COLUMNS[name])
            sql, more = f"SELECT 0 AS holder, '' AS currency, {nothing} WHERE false", ()
        parts.append(f"{name} AS ({sql})")
        values += more
    summed = ", ".join(f"coalesce({name}, 0) AS {name}" for name in (*COLUMNS["owed"], *COLUMNS["spare"]))
    balance = "coalesce(issued - credits - taken, 0)"
    parts.append(
        f"balances AS MATERIALIZED (SELECT holder, currency, {balance} AS balance, {summed}"  # noqa: S608
        f" FROM owed FULL JOIN spare USING (holder, currency) WHERE {balance} <> 0 OR unspent <> 0)"
    )
    return ", ".join(parts), values


def _boundary(cursor: str) -> tuple[list[Any], bool]:
    values, backwards = decode(cursor, ORDER)
    balance, account, currency = values
    if (type(balance), type(account), type(currency)) != (Decimal, int, str):
        raise BadRequest("bad_cursor", _("This page address is damaged. Start again from the first page."))
    return [-balance, account, currency], backwards


def _page(rows: list[Balance], moved: bool, backwards: bool, more: bool) -> Page[Any]:
    def at(row: Balance, *, back: bool) -> str:
        return encode(ORDER, [row.balance, row.account.pk, row.currency], backwards=back)

    onward = bool(rows) and (more or backwards)
    back = bool(rows) and (more if backwards else moved)
    return Page(rows, at(rows[-1], back=False) if onward else None, at(rows[0], back=True) if back else None)


def _balance(account: Account, currency: str, *figures: Decimal) -> Balance:
    row = dict(zip(FIGURES, figures, strict=True))
    buckets = {key: row[name] for name, (key, _label, _last) in zip(AGED, BUCKETS, strict=True)}
    return Balance(account, currency, row["issued"], row["credits"], row["taken"], row["unspent"], buckets)


def _summed(currency: str, figures: list[Decimal]) -> list[Money]:
    row = dict(zip(FIGURES, figures, strict=True))
    return [Money(row[name], currency) for name in (*AGED, "balance", "unspent")]


def _within(key: str, as_of: date) -> Q:
    """Due in this bucket's days; without a due date, due on the day itself."""
    span = Q(**bucket_span(key, as_of))
    return span | Q(due_on__isnull=True) if key == "current" else span


def account_balance(account: Account, *, as_of: date | None = None) -> list[Balance]:
    """What an account owes, one row a currency; nothing is added up over currencies. Settled ones are told, too."""
    day = as_of or clock.today()
    keys = family_of(account.pk)
    spare = {row["currency"]: row["unspent"] for row in _spare(Payment.objects.filter(account__in=keys), day)}
    owed = {row["currency"]: row for row in _owed(Invoice.objects.filter(account__in=keys), day)}
    nothing = dict.fromkeys(COLUMNS["owed"], ZERO)
    found = []
    for currency in sorted({*spare, *owed}):
        row = {name: value or ZERO for name, value in (owed.get(currency) or nothing).items() if name in nothing}
        figures = {**row, "unspent": spare.get(currency, ZERO)}
        figures["balance"] = row["issued"] - row["credits"] - row["taken"]
        found.append(_balance(account, currency, *(figures[name] for name in FIGURES)))
    return sorted(found, key=lambda row: (-row.balance, row.currency))


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
