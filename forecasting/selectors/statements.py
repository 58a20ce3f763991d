"""The statement of a month: from the ledger while it runs, from frozen rows once published. One shape for both."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from forecasting.models.compensation import Component, PlanVersion
from forecasting.models.credits import Credit
from forecasting.models.ledger import CommissionRun, LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.models.statements import Statement, StatementLine
from forecasting.selectors.pay_facts import signed_assignments
from orders.models import OrderLine, OrderSplit
from revops.core.money import truncated_percent

Account, Kind, State = LedgerEntry.Account, LedgerEntry.Kind, StatementLine.State
FIGURES = (
    "plan_version",
    "plan_label",
    "currency",
    "measured",
    "quota",
    "attainment",
    "earned",
    "corrections",
    "held",
    "released",
    "payable",
    "terms",
    "input_hash",
    "run_label",
)
ZERO = Decimal(0)


@dataclass(frozen=True)
class SheetLine:
    """One order line behind the figure; the fields of StatementLine."""

    order_line_id: int
    order_number: str
    line_number: int
    description: str
    account_name: str
    booked_on: date
    order_value: Decimal
    order_currency: str
    percent: Decimal
    fx_rate: Decimal
    credited: Decimal
    component: str
    tier: int | None
    rate: Decimal | None
    slices: list[list[Any]]
    shared_with: list[list[Any]]
    exact: str
    amount: Decimal
    state: str
    origin_label: str


@dataclass(frozen=True)
class Sheet:
    """The month of one payee."""

    payee: Any
    period: FiscalPeriod
    plan_version: PlanVersion | None = None
    plan_label: str = ""
    currency: str = "USD"
    measured: Decimal = ZERO
    quota: Decimal | None = None
    attainment: Decimal | None = None
    earned: Decimal = ZERO
    corrections: Decimal = ZERO
    held: Decimal = ZERO
    released: Decimal = ZERO
    payable: Decimal = ZERO
    terms: list[dict[str, Any]] = field(default_factory=list)
    input_hash: str = ""
    run_label: str = ""
    lines: Sequence[SheetLine | StatementLine] = ()

    @property
    def total(self) -> Decimal:
        return self.earned + self.corrections


def statement_list(*, viewer: Any) -> QuerySet[Statement]:
    """Statements as lists and the API show them."""
    return Statement.objects.visible_to(viewer).select_related("payee", "period", "plan_version__plan")


def sheet_of_statement(statement: Statement) -> Sheet:
    """A stored statement, as it was frozen."""
    figures = {name: getattr(statement, name) for name in FIGURES}
    lines = list(statement.lines.all())
    return Sheet(payee=statement.payee, period=statement.period, lines=lines, **figures)


def running_months(*, viewer: Any, period: FiscalPeriod) -> list[CommissionRun]:
    """The last calculation of everybody's month whom the viewer may see."""
    rows = CommissionRun.objects.visible_to(viewer).filter(period=period).select_related("payee", "period")
    latest: dict[int, CommissionRun] = {}
    for run in rows.order_by("number"):
        latest[run.payee_id] = run
    return sorted(latest.values(), key=lambda run: str(run.payee))


def sheet_of_month(*, payee: Any, period: FiscalPeriod) -> Sheet:
    """What the ledger says about a payee's month now: its earnings, and what was posted in it for earlier months."""
    entries = LedgerEntry.objects.filter(payee=payee, posting_period=period).order_by()
    runs = _last_runs(payee, period)
    run = runs.get(period.pk)
    edition, terms = _terms(payee, period, run)
    sums = {row[:2]: row[2] for row in entries.values_list("kind", "account").annotate(Sum("amount"))}
    earned = _earned(entries, period)
    measured = Decimal(terms[0]["measured"]) if terms else ZERO
    quota = _quota(terms)
    held = -sum((sums.get((kind, Account.HELD), ZERO) for kind in LedgerEntry.CALCULATED), ZERO)
    released = sums.get((Kind.RELEASE, Account.HELD), ZERO)
    total = sum(earned.values(), ZERO)
    return Sheet(
        payee=payee,
        period=period,
        plan_version=edition,
        plan_label=str(edition) if edition else "",
        currency=edition.currency if edition else "USD",
        measured=measured,
        quota=quota,
        attainment=truncated_percent(measured, quota) if quota else None,
        earned=earned.get(True, ZERO),
        corrections=earned.get(False, ZERO),
        held=held,
        released=released,
        payable=total - held + released,
        terms=terms,
        input_hash=run.input_hash if run else "",
        run_label=f"{period.label} r{run.number}" if run else "",
        lines=_lines(payee, period, runs, entries),
    )


def _last_runs(payee: Any, period: FiscalPeriod) -> dict[int, CommissionRun]:
    """By origin period, the last run that posts here: what was rated later does not belong on this statement."""
    rows = CommissionRun.objects.filter(payee=payee, posting_period=period).order_by("number")
    return {run.period_id: run for run in rows.select_related("period")}


def _earned(entries: QuerySet[LedgerEntry], period: FiscalPeriod) -> dict[bool, Decimal]:
    """{of this period: sum}."""
    rows = entries.filter(kind__in=LedgerEntry.CALCULATED, account=Account.EXPENSE)
    sums: dict[bool, Decimal] = defaultdict(Decimal)
    for origin, amount in rows.values_list("origin_period").annotate(Sum("amount")):
        sums[origin == period.pk] += amount
    return sums


def _terms(
    payee: Any, period: FiscalPeriod, run: CommissionRun | None
) -> tuple[PlanVersion | None, list[dict[str, Any]]]:
    """The plan that stood last in the month, and each component with its tiers and where it got."""
    assignments = signed_assignments(payee, period.first_on, date.fromordinal(period.last_on.toordinal() + 1))
    reached = {row["component"]: (row["measured"], row["tier"]) for row in (run.ratings if run else [])}
    terms = []
    for assignment in assignments:
        for component in assignment.plan_version.components.all():
            measured, tier = reached.get(component.pk, ("0", 0))
            terms.append(_component(component, measured, tier))
    return (assignments[-1].plan_version if assignments else None), terms


def _component(component: Component, measured: str, tier: int) -> dict[str, Any]:
    tiers = sorted(component.tiers.all(), key=lambda row: row.bound)
    return {
        "component": component.pk,
        "name": component.name,
        "metric": component.metric,
        "mode": component.mode,
        "comparator": component.comparator,
        "tiers": [[_plain(row.bound), _plain(row.rate)] for row in tiers],
        "measured": measured,
        "tier": tier,
    }


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _quota(terms: list[dict[str, Any]]) -> Decimal | None:
    """The bound of the first component's highest tier."""
    bounds = [Decimal(bound) for bound, _rate in terms[0]["tiers"]] if terms else []
    return bounds[-1] if len(bounds) > 1 else None


# Lines ------------------------------------------------------------------------------------


def _lines(
    payee: Any, period: FiscalPeriod, runs: dict[int, CommissionRun], entries: QuerySet[LedgerEntry]
) -> list[SheetLine]:
    posted = _posted(entries)
    rated = {(run.period_id, row["component"], row["line"]): row for run in runs.values() for row in run.ratings}
    keys = set(posted) | {key for key in rated if key[0] == period.pk}
    about = _About(payee, keys, {run.period_id: run.period for run in runs.values()})
    lines = [about.line(key, rated.get(key), posted.get(key, ZERO)) for key in keys]
    return sorted(lines, key=lambda line: (line.origin_label != period.label, line.booked_on, *_place(line)))


def _place(line: SheetLine) -> tuple[str, int, str]:
    return (line.order_number, line.line_number, line.component)


def _posted(entries: QuerySet[LedgerEntry]) -> dict[tuple[int, int, int], Decimal]:
    rows = entries.filter(kind__in=LedgerEntry.CALCULATED, account=Account.EXPENSE)
    keys = rows.values_list("origin_period", "component", "source_line")
    return {row[:3]: row[3] for row in keys.annotate(Sum("amount"))}


class _About:
    """What is known of the order lines of a statement, read at once."""

    def __init__(self, payee: Any, keys: Iterable[tuple[int, int, int]], periods: dict[int, FiscalPeriod]) -> None:
        self.payee, self.periods = payee, periods
        ids = {key[2] for key in keys}
        self.orders = OrderLine.objects.select_related("order__account").in_bulk(ids)
        credits = Credit.objects.filter(payee=payee, order_line__in=ids, reverses__isnull=True).order_by("revision")
        self.credits = {credit.order_line_id: credit for credit in credits}
        self.components = Component.objects.in_bulk({key[1] for key in keys})
        self.splits: dict[int, list[OrderSplit]] = defaultdict(list)
        orders = {line.order_id for line in self.orders.values()}
        rows = OrderSplit.objects.filter(order__in=orders, kind=OrderSplit.Kind.REVENUE).exclude(user=payee)
        for split in rows.select_related("user").order_by("pk"):
            self.splits[split.order_id].append(split)
        self.held = self._held(ids)

    def _held(self, ids: Iterable[int]) -> dict[tuple[int, int, int], Decimal]:
        rows = LedgerEntry.objects.filter(payee=self.payee, source_line__in=ids, account=Account.HELD).order_by()
        keys = rows.values_list("origin_period", "component", "source_line")
        return {row[:3]: -row[3] for row in keys.annotate(Sum("amount"))}

    def line(self, key: tuple[int, int, int], rated: dict[str, Any] | None, amount: Decimal) -> SheetLine:
        origin, component, line_id = key
        line, credit = self.orders[line_id], self.credits[line_id]
        slices = [[part[0], part[1] + 1, part[2]] for part in rated["slices"]] if rated else []
        last = slices[-1] if slices else None
        return SheetLine(
            order_line_id=line_id,
            order_number=line.order.number,
            line_number=line.position,
            description=line.description,
            account_name=line.order.account.name,
            booked_on=credit.credit_on,
            order_value=line.net,
            order_currency=line.order.currency,
            percent=credit.percent,
            fx_rate=credit.fx_rate,
            credited=Decimal(rated["credited"]) if rated else ZERO,
            component=self.components[component].name,
            tier=last[1] if last else None,
            rate=Decimal(_fraction_text(last[2])) if last else None,
            slices=[[_fraction_text(part[0]), part[1], _fraction_text(part[2])] for part in slices],
            shared_with=[[str(split.user), _plain(split.percent)] for split in self.splits[line.order_id]],
            exact=rated["exact"] if rated else "",
            amount=amount,
            state=self._state(key, amount, rated),
            origin_label=self.periods[origin].label if origin in self.periods else "",
        )

    def _state(self, key: tuple[int, int, int], amount: Decimal, rated: dict[str, Any] | None) -> str:
        if rated is None and amount == 0:
            return State.REVERSED
        if amount < 0:
            return State.TAKEN_BACK
        return State.HELD if self.held.get(key, ZERO) > 0 or amount == 0 else State.PAYABLE


def _fraction_text(text: str) -> str:
    """ "9/2" as "4.5", to six digits: enough for every rate and amount that a plan can hold."""
    top, _slash, bottom = str(text).partition("/")
    return _plain((Decimal(top) / Decimal(bottom or 1)).quantize(Decimal("0.000001")))
