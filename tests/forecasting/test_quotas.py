"""Quotas and periods: services, pages' figures, API."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from forecasting.models import FiscalPeriod, Quota
from forecasting.selectors.quotas import attainment
from forecasting.services import (
    activate_quota,
    approve_quota,
    close_period,
    create_quota,
    ensure_periods,
    lock_period,
    open_due_periods,
    open_period,
    propose_quota,
    put_in_review,
    reopen_period,
    start_calculating,
    update_quota,
)
from orders.models import OrderSplit
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry
from revops.users import services as users
from tests.builders import make_user
from tests.forecasting.pay import at, make_comp_admin, month, sell

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with at():
        yield


def in_force(cast, amount="270000", period=None, **subject):
    quota = create_quota(
        actor=cast.olga, period=period or month(), amount=Decimal(amount), **(subject or {"user": cast.alice})
    )
    for step, actor in ((propose_quota, cast.olga), (approve_quota, cast.dana), (activate_quota, cast.dana)):
        quota = step(quota=quota, version=quota.version, actor=actor)
    return quota


def test_a_manager_sets_the_quotas_of_his_own_people_only(cast):
    assert create_quota(actor=cast.bob, period=month(), amount=Decimal(1000), user=cast.alice).status == "draft"
    with pytest.raises(NotAllowed):
        create_quota(actor=cast.bob, period=month(), amount=Decimal(1000), user=cast.charlie)
    with pytest.raises(NotAllowed):
        create_quota(actor=cast.alice, period=month(), amount=Decimal(1000), user=cast.alice)
    assert Quota.objects.count() == 1


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal(10) ** 16}, "amount"),
        ({"amount": "a lot"}, "amount"),
        ({"currency": "XXL"}, "currency"),
        ({"user": None}, "user"),
    ],
)
def test_a_quota_that_makes_no_sense_is_refused_beside_its_field(cast, bad, field):
    given = {"amount": Decimal(1000), "user": cast.alice, "period": month()} | bad
    with pytest.raises(InvalidInput) as refused:
        create_quota(actor=cast.olga, **given)
    assert refused.value.errors[0].pointer == field
    assert not Quota.objects.exists()


def test_a_quota_goes_its_way_and_the_next_edition_supersedes_it(cast):
    first = in_force(cast, "270000")
    second = in_force(cast, "300000")
    first.refresh_from_db()
    assert (first.status, second.status, second.number) == ("superseded", "active", 2)
    assert Quota.objects.active().get() == second
    with pytest.raises(IllegalState):
        update_quota(quota=second, version=second.version, actor=cast.olga, amount=Decimal(5))
    with pytest.raises(IllegalState):
        activate_quota(quota=first, version=first.version, actor=cast.dana)
    rows = AuditEntry.objects.filter(model="forecasting.quota", object_id=str(second.pk))
    assert [row.action for row in rows.order_by("pk")] == [
        "quota.created",
        "quota.moved",
        "quota.approved",
        "quota.moved",
    ]


def test_a_closed_month_keeps_the_quota_under_which_it_closed(cast):
    admin = make_comp_admin()
    first = in_force(cast)
    later = create_quota(actor=cast.olga, period=month(), amount=Decimal(300000), user=cast.alice)
    later = propose_quota(quota=later, version=later.version, actor=cast.olga)
    later = approve_quota(quota=later, version=later.version, actor=cast.dana)
    for period in FiscalPeriod.objects.months().filter(first_on__lte=date(2026, 10, 1)).order_by("first_on"):
        for step in (start_calculating, put_in_review, close_period):
            period = step(period=period, version=period.version, actor=admin)
    with pytest.raises(IllegalState):
        activate_quota(quota=later, version=later.version, actor=cast.dana)
    first.refresh_from_db()
    assert first.status == "active"


def test_nobody_approves_his_own_quota_and_a_stale_copy_approves_nothing(cast):
    own = create_quota(actor=cast.olga, period=month(), amount=Decimal(1000), user=cast.dana)
    own = propose_quota(quota=own, version=own.version, actor=cast.olga)
    with pytest.raises(NotAllowed):
        approve_quota(quota=own, version=own.version, actor=cast.dana)
    with pytest.raises(StaleCopy):
        approve_quota(quota=own, version=own.version - 1, actor=cast.erin)
    with pytest.raises(NotAllowed):
        approve_quota(quota=own, version=own.version, actor=cast.bob)
    own.refresh_from_db()
    assert own.status == "proposed"


def test_the_database_keeps_one_active_quota_and_one_kind_of_subject(cast):
    quota = in_force(cast)
    for changes in (
        {"pk": None, "number": 2},
        {"pk": None, "number": 3, "status": "draft", "team_id": cast.west.pk},
        {"pk": None, "number": 4, "status": "draft", "user_id": None},
        {"pk": None, "number": 5, "status": "draft", "amount": 0},
    ):
        row = Quota.objects.get(pk=quota.pk)
        for name, value in changes.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_attainment_is_truncated_and_never_rounded_up_to_the_quota(cast):
    quota = in_force(cast)
    sell(cast.alice, "269999.99")
    found = attainment(quota)
    assert (found.measured.amount, found.percent) == (Decimal("269999.99"), Decimal("99.9"))
    sell(cast.alice, "0.01")
    assert attainment(quota).percent == Decimal("100.0")


def test_attainment_counts_shares_of_booked_orders_of_the_period_and_nothing_else(cast):
    from orders import services as orders

    quota, team = in_force(cast, "100000"), in_force(cast, "200000", team=cast.west)
    ben = make_user("ben", team=cast.west)
    sell(cast.alice, "50000", splits=[(cast.alice, 60), (ben, 40)])
    sell(cast.charlie, "70000")
    sell(cast.alice, "5000", on=date(2026, 11, 2))
    gone = sell(cast.alice, "9000")
    orders.cancel_order(order=gone, version=gone.version, actor=cast.alice)
    assert (attainment(quota).measured.amount, attainment(quota).percent) == (Decimal(30000), Decimal("30.0"))
    assert (attainment(team).measured.amount, attainment(team).percent) == (Decimal(50000), Decimal("25.0"))
    assert attainment(quota, as_of=date(2026, 10, 1)).measured.amount == 0


def test_a_team_keeps_what_was_booked_by_people_who_moved_later(cast):
    team = in_force(cast, "100000", team=cast.west)
    sell(cast.alice, "40000")
    users.move_member(user=cast.alice, team=cast.east, start=date(2026, 10, 20), actor=cast.olga)
    sell(cast.alice, "7000", on=date(2026, 10, 25))
    assert attainment(team).measured.amount == Decimal(40000)
    assert OrderSplit.objects.count() == 2


def api(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_quotas_over_the_api_go_the_same_way(cast):
    body = {"user": cast.alice.pk, "period": month().pk, "amount": {"amount": "270000.00", "currency": "USD"}}
    made = api(cast.olga).post("/api/v1/quotas", body, format="json")
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    url = f"/api/v1/quotas/{made.json()['id']}"
    assert api(cast.olga).post(f"{url}/propose").status_code == 428
    assert api(cast.olga).post(f"{url}/approve", HTTP_IF_MATCH='"1"').status_code == 409
    changed = api(cast.olga).patch(url, {"amount": {"amount": "280000.00"}}, format="json", HTTP_IF_MATCH='"1"')
    assert changed.json()["amount"] == {"amount": "280000.00", "currency": "USD"}
    for verb, user in (("propose", cast.olga), ("approve", cast.dana), ("activate", cast.dana)):
        tag = api(user).get(url)["ETag"]
        assert api(user).post(f"{url}/{verb}", HTTP_IF_MATCH=tag).status_code == 200, verb
    sell(cast.alice, "140000")
    answer = api(cast.bob).get(f"{url}/attainment").json()
    assert answer == {
        "measured": {"amount": "140000.00", "currency": "USD"},
        "quota": {"amount": "280000.00", "currency": "USD"},
        "percent": "50.0",
    }
    assert api(cast.charlie).get(url).status_code == 404
    assert api(cast.charlie).get(f"{url}/attainment").status_code == 404
    assert api(cast.charlie).get("/api/v1/quotas").json()["results"] == []
    assert api(cast.bob).get("/api/v1/quotas?colour=red").status_code == 400


@pytest.mark.parametrize("body", [{}, {"period": 10**9}, {"amount": "5"}, {"amount": {"amount": "1.001"}}, {"x": 1}])
def test_a_malformed_quota_is_refused_and_nothing_is_written(cast, body):
    given = {"user": cast.alice.pk, "period": month().pk, "amount": {"amount": "5"}} | body if body else {}
    answer = api(cast.olga).post("/api/v1/quotas", given, format="json")
    assert answer.status_code == 422
    assert not Quota.objects.exists()


# Periods ----------------------------------------------------------------------------------


def test_a_year_has_its_months_quarters_and_itself_and_what_has_begun_is_open(db):
    assert len(ensure_periods(year=2026)) == len(ensure_periods(year=2026)) == 17
    assert FiscalPeriod.objects.count() == 17
    states = dict(FiscalPeriod.objects.values_list("label", "status"))
    assert (states["2026-11"], states["2026-12"], states["2026-Q4"], states["2026"]) == (
        "open",
        "future",
        "open",
        "open",
    )


def test_the_night_opens_what_begins(db):
    ensure_periods(year=2026)
    assert open_due_periods() == 0
    from datetime import UTC, datetime

    with at(datetime(2026, 12, 1, 12, tzinfo=UTC)):
        assert open_due_periods() == 1
        assert open_due_periods() == 0
    assert FiscalPeriod.objects.get(label="2026-12").status == "open"


def test_periods_close_in_their_order_and_only_the_last_one_reopens_with_a_reason(cast):
    admin = make_comp_admin()
    january, february = month("2026-01"), month("2026-02")
    for step in (start_calculating, put_in_review):
        january = step(period=january, version=january.version, actor=admin)
        february = step(period=february, version=february.version, actor=admin)
    with pytest.raises(IllegalState):
        close_period(period=february, version=february.version, actor=admin)
    january = close_period(period=january, version=january.version, actor=admin)
    february = close_period(period=february, version=february.version, actor=admin)
    with pytest.raises(InvalidInput):
        reopen_period(period=february, version=february.version, actor=cast.erin, reason=" ")
    with pytest.raises(IllegalState):
        reopen_period(period=january, version=january.version, actor=cast.erin, reason="A late return")
    for person in (cast.dana, cast.olga, cast.bob):
        with pytest.raises(NotAllowed):
            reopen_period(period=february, version=february.version, actor=person, reason="A late return")
    february = reopen_period(period=february, version=february.version, actor=cast.erin, reason="A late return")
    assert february.status == "open"
    entry = AuditEntry.objects.filter(action="period.moved", object_id=str(february.pk)).order_by("-pk").first()
    assert (entry.actor, entry.facts["reason"]) == (cast.erin, "A late return")
    january = lock_period(period=january, version=january.version, actor=admin)
    with pytest.raises(IllegalState):
        reopen_period(period=january, version=january.version, actor=cast.erin, reason="A late return")


def test_a_future_period_opens_only_after_the_one_before(cast):
    admin = make_comp_admin()
    ensure_periods(year=2027)
    second = FiscalPeriod.objects.get(label="2027-02")
    with pytest.raises(IllegalState):
        open_period(period=second, version=second.version, actor=admin)
    first = FiscalPeriod.objects.get(label="2027-01")
    assert open_period(period=first, version=first.version, actor=admin).status == "open"


def test_periods_over_the_api(cast):
    admin = make_comp_admin()
    january = month("2026-01")
    url = f"/api/v1/periods/{january.pk}"
    assert api(cast.alice).get(url).json()["label"] == "2026-01"
    assert api(cast.alice).post(f"{url}/review", HTTP_IF_MATCH='"1"').status_code == 403
    assert api(admin).post(f"{url}/review").status_code == 428
    assert api(admin).post(f"{url}/close", HTTP_IF_MATCH='"1"').status_code == 409
    for verb in ("review", "close"):
        tag = api(admin).get(url)["ETag"]
        assert api(admin).post(f"{url}/{verb}", HTTP_IF_MATCH=tag).status_code == 200, verb
    assert api(admin).post(f"{url}/close", HTTP_IF_MATCH='"1"').status_code == 412
    tag = api(admin).get(url)["ETag"]
    assert api(cast.erin).post(f"{url}/reopen", {}, format="json", HTTP_IF_MATCH=tag).status_code == 422
    answer = api(cast.erin).post(f"{url}/reopen", {"reason": "A late return"}, format="json", HTTP_IF_MATCH=tag)
    assert answer.json()["status"] == "open"
    assert api(admin).get("/api/v1/periods?kind=month&status=future").json()["results"][0]["label"] == "2026-12"


def test_the_admin_closes_periods_and_sets_quotas_through_the_services(client, cast):
    admin = make_comp_admin()
    january = month("2026-01")
    client.force_login(admin)
    changes = reverse("admin:forecasting_fiscalperiod_changelist")
    for action, status in (("close", "open"), ("review", "review"), ("close", "closed"), ("lock", "locked")):
        client.post(changes, {"action": action, "_selected_action": [january.pk]})
        january.refresh_from_db()
        assert january.status == status, action
    client.force_login(cast.olga)
    add = reverse("admin:forecasting_quota_add")
    assert client.get(add).status_code == 200
    form = {"user": cast.alice.pk, "metric": "revenue", "period": month().pk, "amount": "1000", "currency": "USD"}
    assert client.post(add, form).status_code == 302
    quota = Quota.objects.get()
    assert (quota.number, quota.created_by) == (1, cast.olga)
    client.post(reverse("admin:forecasting_quota_changelist"), {"action": "propose", "_selected_action": [quota.pk]})
    quota.refresh_from_db()
    assert quota.status == "proposed"
