"""The ledger: idempotent, the same in any order and under two workers, append-only, and never off by a cent."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.engine import Terms, earning
from forecasting.models import CommissionRun, Credit, LedgerEntry, PlanVersion, Statement, StatementLine
from forecasting.selectors.pay_facts import facts_of
from forecasting.services import calculate_commissions, calculate_payee, plans
from orders.models import Order
from revops.core import jobs, outbox
from revops.core.models import AuditEntry, OutboxEvent
from revops.core.status import lock
from tests.builders import make_user
from tests.cast import make_cast
from tests.forecasting.pay import at, earned, make_comp_admin, month, publish, put_on_p1, sell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with at():
        yield


@pytest.fixture
def petra(cast):
    return make_comp_admin()


def balances(payee):
    """What stands on each account, by origin month and order line (by its place in the story, not its id)."""
    rows = LedgerEntry.objects.filter(payee=payee).values_list("origin_period__label", "account", "amount")
    sums: dict = {}
    for origin, account, amount in rows:
        sums[origin, account] = sums.get((origin, account), Decimal(0)) + amount
    return {key: value for key, value in sums.items() if value}


@pytest.mark.spec("INV-32")
def test_calculating_again_posts_nothing(cast, petra):
    put_on_p1(petra, cast.alice)
    for amount in ("200000", "69999.99", "30000"):
        sell(cast.alice, amount, deliver=False)
    assert calculate_commissions(period=month(), actor=petra) == 3
    entries, runs = LedgerEntry.objects.count(), CommissionRun.objects.count()
    assert calculate_commissions(period=month(), actor=petra) == 0
    outbox.deliver_due()
    assert (LedgerEntry.objects.count(), CommissionRun.objects.count()) == (entries, runs)


amounts = st.lists(st.integers(min_value=1, max_value=20_000_000), min_size=1, max_size=6)


@pytest.mark.spec("INV-32", "INV-33", "INV-34")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cents=amounts, random=st.randoms(), cancelled=st.integers(min_value=0, max_value=5), one_by_one=st.booleans())
def test_any_order_and_any_batch_of_the_same_facts_gives_the_same_balances(
    cast, petra, cents, random, cancelled, one_by_one
):
    from orders import services as orders

    with transaction.atomic():
        put_on_p1(petra, cast.alice, cast.bob)
        period, stories = month(), []
        for payee, shuffled, batch in ((cast.alice, False, False), (cast.bob, True, one_by_one)):
            row = [(Decimal(units).scaleb(-2), 1 + number) for number, units in enumerate(cents)]
            told = list(enumerate(row))
            if shuffled:
                random.shuffle(told)
            booked: dict[int, Order] = {}
            for number, (amount, day) in told:
                booked[number] = sell(payee, amount, on=date(2026, 10, day), deliver=batch)
                if batch:
                    calculate_payee(payee=payee.pk, period=period, actor=None)
            if cancelled in booked:
                gone = booked[cancelled]
                orders.cancel_order(order=gone, version=gone.version, actor=payee)
            random.shuffle(told)
            calculate_commissions(period=period, actor=petra)
            outbox.deliver_due()
            assert calculate_commissions(period=period, actor=petra) == 0
            total = sum((amount for number, (amount, _day) in enumerate(row) if number != cancelled), Decimal(0))
            assert earned(payee, period) == earning(Terms.of((0, 2), (270000, 4)), total)
            stories.append(balances(payee))
        assert stories[0] == stories[1]
        transaction.set_rollback(True)


@pytest.mark.spec("INV-34")
def test_what_is_posted_equals_the_engine_line_by_line(cast, petra):
    put_on_p1(petra, cast.alice)
    for number, amount in enumerate(("33.33", "33.33", "33.34", "270000.01"), start=1):
        sell(cast.alice, amount, on=date(2026, 10, number))
    (facts,) = facts_of(cast.alice, month())
    posted = dict.fromkeys((share.line.key for share in facts.earning.shares), Decimal(0))
    for line, amount in LedgerEntry.objects.earned().values_list("source_line", "amount"):
        posted[line] += amount
    assert posted == {share.line.key: share.amount for share in facts.earning.shares}


@pytest.mark.spec("INV-30")
@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_ledger_and_the_credits_are_append_only_in_the_database(cast, petra, act):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "1000")
    for model, field in ((LedgerEntry, "amount"), (Credit, "amount")):
        before = list(model.objects.order_by("pk").values_list("pk", field))
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(**{field: 1}) if act == "update" else model.objects.all()._raw_delete("default")
        assert list(model.objects.order_by("pk").values_list("pk", field)) == before


@pytest.mark.spec("INV-31")
def test_a_posting_group_that_does_not_sum_to_zero_is_refused_by_the_database(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "1000")
    entry = LedgerEntry.objects.order_by("pk").first()
    entry.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for group in set(LedgerEntry.objects.values_list("group", flat=True)):
        assert sum(LedgerEntry.objects.filter(group=group).values_list("amount", flat=True)) == 0


@pytest.mark.spec("INV-40")
def test_credits_that_do_not_add_up_to_their_line_are_refused_by_the_database(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "1000")
    credit = Credit.objects.get()
    credit.pk, credit.revision, credit.amount, credit.plan_amount = None, 2, Decimal(1), Decimal(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        credit.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_nothing_posts_to_a_period_that_is_closed(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "1000")
    publish(cast.alice, petra)
    entry = LedgerEntry.objects.order_by("pk").first()
    entry.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


def test_a_published_statement_is_frozen_in_the_database(cast, petra):
    put_on_p1(petra, cast.alice)
    sell(cast.alice, "1000")
    told = publish(cast.alice, petra)
    rows = Statement.objects.filter(pk=told.pk)
    acts = (
        lambda: rows.update(earned=1, payable=1, held=0),
        lambda: rows._raw_delete("default"),
        lambda: StatementLine.objects.filter(statement=told).update(amount=5),
        lambda: StatementLine.objects.filter(statement=told)._raw_delete("default"),
    )
    for act in acts:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    told.refresh_from_db()
    assert (told.earned, told.lines.get().amount) == (Decimal(20), Decimal(20))


@pytest.mark.spec("INV-42")
def test_approved_plan_versions_are_final_and_their_ranges_disjoint_in_the_database(cast, petra):
    from django.db.backends.postgresql.psycopg_any import DateRange as Days

    first = put_on_p1(petra, cast.alice)
    component = first.components.get()
    acts = (
        lambda: PlanVersion.objects.filter(pk=first.pk).update(clawback_days=1),
        lambda: PlanVersion.objects.filter(pk=first.pk).update(status="draft"),
        lambda: component.tiers.update(rate=99),
        lambda: component.tiers.create(bound=1, rate=1),
        lambda: type(component).objects.filter(pk=component.pk).update(mode="flat"),
    )
    for act in acts:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    second = plans.create_plan_version(
        actor=petra, plan=first.plan, first_on=date(2026, 6, 1), components=[{"tiers": [(0, 3)]}]
    )
    second = plans.submit_plan_version(plan_version=second, version=second.version, actor=petra)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.filter(pk=second.pk).update(status="approved", approved_at="2026-01-01T00:00Z")
    second = plans.approve_plan_version(plan_version=second, version=second.version, actor=petra)
    first.refresh_from_db()
    assert (first.during.upper, second.during.lower) == (date(2026, 6, 1), date(2026, 6, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        row = cast.alice.plan_assignments.get()
        row.pk, row.during = None, Days(date(2026, 3, 1), None)
        row.save(force_insert=True)


def test_a_credit_date_meets_the_edition_of_its_day_and_each_pays_its_own_rate(cast, petra):
    first = put_on_p1(petra, cast.alice)
    second = plans.create_plan_version(
        actor=petra, plan=first.plan, first_on=date(2026, 11, 1), components=[{"tiers": [(0, 3)]}]
    )
    for step in (plans.submit_plan_version, plans.approve_plan_version, plans.activate_plan_version):
        second = step(plan_version=second, version=second.version, actor=petra)
    offered = plans.assign_plan(actor=petra, plan_version=second, user=cast.alice, first_on=date(2026, 11, 1))
    plans.sign_assignment(assignment=offered, version=offered.version, actor=cast.alice)
    sell(cast.alice, "1000", on=date(2026, 10, 31))
    sell(cast.alice, "1000", on=date(2026, 11, 1))
    assert (earned(cast.alice, month()), earned(cast.alice, month("2026-11"))) == (Decimal(20), Decimal(30))


def test_events_and_jobs_carry_ids_and_the_log_no_amounts(cast, petra):
    from forecasting.services import start_calculation

    put_on_p1(petra, cast.alice)
    sell(cast.alice, "123456")
    job = jobs.run(str(start_calculation(period=month(), actor=petra).pk))
    publish(cast.alice, petra)
    assert (job.state, job.counts) == ("done", {"orders": 0, "postings": 0})
    for row in OutboxEvent.objects.exclude(name__startswith="orders."):
        assert "2469.12" not in str(row.payload)
    about_pay = AuditEntry.objects.filter(area="compensation")
    assert about_pay.filter(action="statement.published").exists()
    assert not any("2469.12" in f"{row.before}{row.after}{row.facts}{row.label}" for row in AuditEntry.objects.all())
    open_rows = AuditEntry.objects.filter(area="")
    assert not open_rows.filter(model__in=["forecasting.statement", "forecasting.commissionrun"]).exists()


# Under real threads -----------------------------------------------------------------------


def together(*acts):
    """Run all at once, each on a connection of its own; returns what they raised."""
    gate, raised = threading.Barrier(len(acts)), []

    def run(act):
        try:
            gate.wait(10)
            act()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


@pytest.mark.spec("INV-32", "INV-33")
@pytest.mark.django_db(transaction=True)
def test_two_workers_that_calculate_at_once_post_one_set():
    cast = make_cast()
    admin, ben = make_comp_admin(), make_user("ben", team=cast.west)
    put_on_p1(admin, cast.alice, ben)
    for number in range(4):
        sell(cast.alice, "90000", splits=[(cast.alice, 60), (ben, 40)], on=date(2026, 10, 5 + number), deliver=False)
    period = month()

    def calculate():
        calculate_commissions(period=period, actor=None)

    raised = together(calculate, calculate, outbox.deliver_due, calculate)
    assert raised == []
    assert calculate_commissions(period=period, actor=None) == 0
    assert earned(cast.alice, period) == Decimal("4320.00")
    assert earned(ben, period) == Decimal("2880.00")
    assert LedgerEntry.objects.count() == 2 * 4 * 2
    assert Credit.objects.count() == 4 * 2


@pytest.mark.django_db(transaction=True)
def test_closing_a_month_waits_for_a_posting_under_way():
    from forecasting.models import FiscalPeriod

    cast = make_cast()
    admin = make_comp_admin()
    put_on_p1(admin, cast.alice)
    sell(cast.alice, "1000", deliver=False)
    period = month()
    posting, seen = threading.Event(), []

    def post():
        with transaction.atomic():
            calculate_commissions(period=period, actor=None)
            posting.set()
            threading.Event().wait(0.3)
            seen.append("posted")

    def close():
        posting.wait(10)
        with transaction.atomic():
            row = lock(FiscalPeriod.objects.get(pk=period.pk))
            row.status = "calculating"
            row.save(update_fields=["status"])
            seen.append("moved")

    assert together(post, close) == []
    assert seen == ["posted", "moved"]
