"""Pay and its calendar when several workers and people act at the same moment."""

import threading
from datetime import date
from decimal import Decimal

import pytest

from forecasting import services
from forecasting.models import FiscalPeriod, LedgerEntry, PlanAssignment, Statement
from forecasting.models.quotas import Quota
from forecasting.services import _ledger, releases
from revops.core import outbox
from revops.core.errors import DomainError, IllegalState
from revops.core.models import Delivery
from tests.cast import make_cast
from tests.core.threads import together
from tests.forecasting.pay import NOW, at, earned, make_comp_admin, make_plan, month, put_on_p1, sell


def moved(periods):
    return [answer for answer in periods if isinstance(answer, Exception)]


def test_plans_and_periods_start_once_however_many_workers_start_the_day(transactional_db):
    cast, admin = make_cast(), make_comp_admin()
    with at():
        put_on_p1(admin, cast.alice, sign=False)
        given = PlanAssignment.objects.get(user=cast.alice)
        PlanAssignment.objects.filter(pk=given.pk).update(status="signed", signed_at=NOW)
        later = month("2026-11")
        FiscalPeriod.objects.filter(pk=later.pk).update(status="future")
        starts = together(*[services.start_due_assignments] * 3)
        opens = together(*[services.open_due_periods] * 3)
        FiscalPeriod.objects.filter(pk=later.pk).update(status="future")
        ensured = together(*[lambda: services.ensure_month(day=date(2026, 11, 3))] * 3)
    assert not moved([*starts, *opens, *ensured]), (starts, opens, ensured)
    assert (sum(starts), sum(opens)) == (1, 1)
    assert PlanAssignment.objects.get(pk=given.pk).status == "active"


@pytest.mark.spec("INV-32")
def test_a_booking_and_the_close_of_its_month_do_not_block_each_other(transactional_db, monkeypatch):
    cast, admin = make_cast(), make_comp_admin()
    with at():
        put_on_p1(admin, cast.alice)
        month("2026-10")
        sell(cast.alice, 1000)
        sell(cast.alice, 5000, deliver=False)
        period = month("2026-10")
        holding, real = threading.Event(), _ledger.lock_pay

        def slowly(*args):
            real(*args)
            if not holding.is_set():
                holding.set()
                threading.Event().wait(0.8)

        def review():
            holding.wait(5)
            return services.review_period(period=period, version=None, actor=admin)

        monkeypatch.setattr(_ledger, "lock_pay", slowly)
        answers = together(outbox.deliver_due, review)
        assert not moved(answers), answers
        while outbox.deliver_due():
            pass
        period.refresh_from_db()
        assert period.status == "review"
        draft = services.prepare_statement(payee=cast.alice, period=period, actor=admin)
        assert draft.measured == Decimal(6000)
        assert draft.earned == earned(cast.alice, period)


def test_a_month_goes_into_review_after_what_is_being_posted_to_it(transactional_db, monkeypatch):
    """The worker looks the month up before it is put in review; the posting itself comes later."""
    cast, admin = make_cast(), make_comp_admin()
    with at():
        put_on_p1(admin, cast.alice)
        month("2026-10")
        sell(cast.alice, 5000, deliver=False)
        period = month("2026-10")
        ready, reviewed, real = threading.Event(), threading.Event(), _ledger.deltas_of

        def slowly(*args):
            ready.set()
            reviewed.wait(1.5)
            return real(*args)

        def review():
            ready.wait(5)
            monkeypatch.setattr(_ledger, "deltas_of", real)
            services.start_calculating(period=period, version=None, actor=admin)
            services.put_in_review(period=period, version=None, actor=admin)
            reviewed.set()

        monkeypatch.setattr(_ledger, "deltas_of", slowly)
        before = LedgerEntry.objects.count()
        answers = together(outbox.deliver_due, review)
        assert not moved(answers), answers
        assert LedgerEntry.objects.count() > before
        assert not Delivery.objects.filter(tries__gt=0).exists()


def test_releasing_takes_people_in_the_order_of_every_other_calculation(db, monkeypatch):
    cast, admin = make_cast(), make_comp_admin()
    with at():
        make_plan(admin, cast.alice, cast.bob, cast.charlie, tiers=[(0, 2)], hold_days=10)
        for person in (cast.charlie, cast.alice, cast.bob):
            sell(person, 1000)
        taken, real = [], _ledger.lock_pay
        monkeypatch.setattr(_ledger, "lock_pay", lambda payee, origin: (taken.append(payee), real(payee, origin)))
        assert releases.release_holds(as_of=NOW.date()) == 3
    assert taken == sorted(taken)


def test_two_quotas_at_once_are_two_editions(transactional_db):
    cast = make_cast()
    period = month("2026-10")

    def draft():
        return services.create_quota(actor=cast.olga, user=cast.alice, period=period, amount=Decimal(1000))

    answers = together(draft, draft, draft, draft)
    assert not moved(answers), answers
    assert sorted(Quota.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


@pytest.mark.spec("INV-34")
def test_a_statement_that_is_older_than_its_ledger_is_not_published(cast):
    admin = make_comp_admin()
    with at():
        put_on_p1(admin, cast.alice)
        sell(cast.alice, 1000)
        period = services.review_period(period=month("2026-10"), version=None, actor=admin)
        draft = services.prepare_statement(payee=cast.alice, period=period, actor=admin)
        FiscalPeriod.objects.filter(first_on__lt=period.first_on, kind="month").update(status="closed")
        services.close_period(period=period, version=None, actor=admin)
        period.refresh_from_db()
        reopened = services.reopen_period(period=period, version=None, actor=admin, reason="One order was missing")
        sell(cast.alice, 9000)
        with pytest.raises(IllegalState) as refused:
            services.publish_statement(statement=draft, version=draft.version, actor=admin)
        assert refused.value.code == "period_open"
        services.review_period(period=reopened, version=None, actor=admin)
        with pytest.raises(DomainError) as refused:
            services.publish_statement(statement=draft, version=draft.version, actor=admin)
        assert refused.value.code == "outdated"
    assert Statement.objects.get(pk=draft.pk).status == "draft"
