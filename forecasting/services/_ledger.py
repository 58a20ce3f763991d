"""Writing the ledger: which deltas, which sides, under which lock."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Sum

from forecasting.models.ledger import CommissionRun, LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.pay_facts import ComponentFacts
from revops.users.models import User

Account, Kind = LedgerEntry.Account, LedgerEntry.Kind
# (plan version, component, order line, currency)
Key = tuple[int, int, int, str]


@dataclass(frozen=True)
class Place:
    """Whose entries, earned when, posted when, by which run."""

    payee: int
    origin: FiscalPeriod
    period: FiscalPeriod
    actor: User | None
    run: CommissionRun | None = None


@dataclass(frozen=True)
class Posting:
    """Where a run posts."""

    run: CommissionRun
    period: FiscalPeriod
    actor: User | None


def lock_pay(payee: int, period: FiscalPeriod) -> None:
    """Only one transaction at a time writes the ledger of (payee, origin period)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"pay:{payee}:{period.pk}"])


def deltas_of(payee: int, period: FiscalPeriod, facts: list[ComponentFacts]) -> dict[Key, Decimal]:
    """What the facts earn less what is posted, by key."""
    deltas: dict[Key, Decimal] = defaultdict(Decimal)
    for fact in facts:
        for share in fact.earning.shares:
            deltas[fact.plan_version.pk, fact.component.pk, share.line.key, fact.terms.currency] += share.amount
    posted = LedgerEntry.objects.earned().filter(payee=payee, origin_period=period).order_by()
    for row in posted.values_list("plan_version", "component", "source_line", "currency").annotate(Sum("amount")):
        deltas[row[:4]] -= row[4]
    return {key: delta for key, delta in sorted(deltas.items()) if delta}


def ratings(facts: list[ComponentFacts]) -> list[dict[str, Any]]:
    """How every line was rated, as the statement will explain it."""
    rows = []
    for fact in facts:
        earned = fact.earning
        for share in earned.shares:
            rows.append(
                {
                    "version": fact.plan_version.pk,
                    "component": fact.component.pk,
                    "name": fact.component.name,
                    "line": share.line.key,
                    "credited": str(share.line.amount),
                    "amount": str(share.amount),
                    "exact": f"{share.exact.numerator}/{share.exact.denominator}",
                    "slices": [[str(part.amount), part.tier, str(part.rate * 100)] for part in share.slices],
                    "measured": str(earned.measured),
                    "tier": earned.tier,
                }
            )
    return rows


def post(posting: Posting, deltas: dict[Key, Decimal]) -> None:
    """Write the deltas. What is taken back comes out of the held money first, then out of the payable."""
    run = posting.run
    place = Place(run.payee_id, run.period, posting.period, posting.actor, run)
    held = held_of(run.payee_id, run.period)
    earlier = _earlier(run)
    rows: list[LedgerEntry] = []
    for key, delta in deltas.items():
        if delta > 0 or key not in earlier:
            rows += _group(place, key, Kind.EARNING, {Account.EXPENSE: delta, Account.HELD: -delta})
        else:
            from_held = min(-delta, max(held.get(key, Decimal(0)), Decimal(0)))
            sides = {Account.EXPENSE: delta, Account.HELD: from_held, Account.PAYABLE: -delta - from_held}
            rows += _group(place, key, Kind.CLAWBACK, sides, reverses=earlier[key])
    LedgerEntry.objects.bulk_create(rows)


def post_releases(
    payee: int, origin: FiscalPeriod, period: FiscalPeriod, due: dict[Key, Decimal], actor: User | None
) -> None:
    """HELD to PAYABLE, line by line."""
    place = Place(payee, origin, period, actor)
    rows: list[LedgerEntry] = []
    for key, amount in due.items():
        rows += _group(place, key, Kind.RELEASE, {Account.HELD: amount, Account.PAYABLE: -amount})
    LedgerEntry.objects.bulk_create(rows)


def held_of(payee: int, origin: FiscalPeriod) -> dict[Key, Decimal]:
    """What is still held, by key."""
    rows = LedgerEntry.objects.filter(payee=payee, origin_period=origin, account=Account.HELD).order_by()
    keys = rows.values_list("plan_version", "component", "source_line", "currency")
    return {row[:4]: -row[4] for row in keys.annotate(Sum("amount"))}


def _earlier(run: CommissionRun) -> dict[Key, int]:
    """The last earning of each key, which a take-back names."""
    rows = LedgerEntry.objects.filter(
        payee=run.payee_id, origin_period=run.period, account=Account.EXPENSE, kind=Kind.EARNING
    ).order_by()
    keys = rows.values_list("plan_version", "component", "source_line", "currency")
    return {row[:4]: row[4] for row in keys.annotate(Max("pk"))}


def _group(
    place: Place, key: Key, kind: str, sides: dict[Any, Decimal], reverses: int | None = None
) -> list[LedgerEntry]:
    version, component, line, currency = key
    group = uuid.uuid4()
    return [
        LedgerEntry(
            group=group,
            payee_id=place.payee,
            plan_version_id=version,
            component_id=component,
            origin_period=place.origin,
            posting_period=place.period,
            source_line_id=line,
            kind=kind,
            account=account,
            amount=amount,
            currency=currency,
            run=place.run,
            reverses_id=reverses,
            created_by=place.actor,
        )
        for account, amount in sides.items()
        if amount
    ]
