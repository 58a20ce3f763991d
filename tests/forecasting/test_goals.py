"""Goals of sales development (SD-02): parts that add up, what counts, progress, page and API."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from forecasting.models.goals import Goal, GoalProgress
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.goals import goal_leads, standing_of, values_of
from forecasting.services import goals as services
from forecasting.setup import ensure_periods
from forecasting.tasks import compute_goal_progress
from leads.models import Lead
from orders.services import book_order
from revops.core import clock
from revops.core.errors import DomainError, InvalidInput, NotAllowed, StaleCopy
from tests.accounts.builders import make_account
from tests.builders import make_product
from tests.cast import Cast
from tests.leads.builders import make_qualified_lead
from tests.orders.builders import make_order

CHECKED = "SET CONSTRAINTS ALL IMMEDIATE"


@pytest.fixture
def month(db: Any) -> FiscalPeriod:
    ensure_periods(clock.today().year)
    return FiscalPeriod.objects.months().holding(clock.today()).get()


def west_and_east(cast: Cast, west: Any = 60, east: Any = 40) -> list[dict[str, Any]]:
    return [
        {"region": "West", "owner": cast.bob, "target": west},
        {"region": "East", "owner": cast.clara, "target": east},
    ]


def hundred(cast: Cast, month: FiscalPeriod, **fields: Any) -> Goal:
    return services.create_goal(
        actor=cast.dana, period=month, owner=cast.dana, target=100, min_score=Decimal(77), **fields
    )


@pytest.mark.spec("SD-02")
def test_a_hundred_is_60_and_40_and_never_60_and_30_unless_it_may_be(cast: Cast, month: FiscalPeriod) -> None:
    goal = hundred(cast, month)
    with pytest.raises(DomainError) as refused:
        services.break_down_goal(goal=goal, version=None, actor=cast.dana, parts=west_and_east(cast, 60, 30))
    assert (refused.value.code, refused.value.facts["total"]) == ("children_sum", "90.000")
    goal.refresh_from_db()
    assert not goal.parts.exists() and goal.version == 1
    services.break_down_goal(goal=goal, version=1, actor=cast.dana, parts=west_and_east(cast))
    assert [(part.region, part.target, part.min_score) for part in goal.parts.order_by("pk")] == [
        ("West", 60, 77), ("East", 40, 77),
    ]  # fmt: skip
    with pytest.raises(StaleCopy):
        services.break_down_goal(goal=goal, version=1, actor=cast.dana, parts=[])
    services.break_down_goal(
        goal=goal, version=2, actor=cast.dana, parts=west_and_east(cast, 60, 30), allow_variance=True
    )
    assert sum(part.target for part in goal.parts.all()) == 90


@pytest.mark.spec("SD-02")
def test_the_database_holds_the_sum_whoever_writes(cast: Cast, month: FiscalPeriod) -> None:
    goal = hundred(cast, month, parts=west_and_east(cast))
    with connection.cursor() as cursor:
        cursor.execute(CHECKED)
    part = goal.parts.get(region="East")
    for write in (
        lambda: Goal.objects.filter(pk=part.pk).update(target=30),
        lambda: Goal.objects.filter(pk=goal.pk).update(target=90),
        lambda: part.delete(),
        lambda: Goal.objects.create(parent=goal, period=month, owner=cast.bob, target=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with pytest.raises(DomainError):
        services.update_goal(goal=part, version=None, actor=cast.dana, target=30)
    with pytest.raises(DomainError):
        services.update_goal(goal=goal, version=None, actor=cast.dana, target=110)
    goal.refresh_from_db()
    assert (goal.target, sum(one.target for one in goal.parts.all())) == (100, 100)


@pytest.mark.spec("SD-02")
def test_a_lead_in_west_with_the_product_and_77_counts_for_one_part_and_the_whole(
    cast: Cast, month: FiscalPeriod
) -> None:
    product, other = make_product("Tracker"), make_product("Camera")
    goal = hundred(cast, month, product=product, parts=west_and_east(cast))
    west, east = goal.parts.order_by("pk")
    every = [goal, west, east]
    assert set(values_of(every).values()) == {0}
    lead = make_qualified_lead(cast.sam, region="west", product=product)  # scored 77.00
    assert [values_of(every)[one.pk] for one in every] == [1, 1, 0]
    assert list(goal_leads(west, viewer=cast.bob)) == [lead]
    make_qualified_lead(cast.sam, region="West", product=other)
    make_qualified_lead(cast.sam, region="North", product=product)
    low = make_qualified_lead(cast.sam, region="West", product=product)
    low.qualification_scores.filter(is_current=True).update(score=Decimal("76.99"))
    early = make_qualified_lead(cast.sam, region="West", product=product)
    Lead.objects.filter(pk=early.pk).update(qualified_at=clock.now() - timedelta(days=40))
    make_qualified_lead(cast.charlie, region="West", product=product)  # of another team: bob's part has none of it
    assert [values_of(every)[one.pk] for one in every] == [3, 1, 0]
    for one in every:  # the figure is the number of its rows
        assert standing_of(one).value == goal_leads(one, viewer=one.owner).count()


def test_new_customers_are_those_that_bought_nothing_before(cast: Cast, month: FiscalPeriod) -> None:
    account = make_account(cast.alice, name="Known", website="https://known.example")
    new = hundred(cast, month, customer_type="new")
    old = hundred(cast, month, customer_type="existing")
    make_qualified_lead(cast.sam, email="a@known.example", allow_duplicate=True)
    assert [values_of([new, old])[one.pk] for one in (new, old)] == [1, 0]  # an account, and no order yet
    make_order(cast.alice, account=account)
    assert [values_of([new, old])[one.pk] for one in (new, old)] == [1, 0]  # the first order is of this period
    earlier = make_order(cast.alice, account=account, book=False)
    book_order(order=earlier, version=earlier.version, actor=None, booked_at=clock.now() - timedelta(days=40))
    assert [values_of([new, old])[one.pk] for one in (new, old)] == [0, 1]


@pytest.mark.spec("SD-02")
def test_progress_is_one_row_a_day_however_often_it_is_computed(cast: Cast, month: FiscalPeriod) -> None:
    goal = hundred(cast, month)
    make_qualified_lead(cast.sam)
    assert compute_goal_progress() == 1
    make_qualified_lead(cast.sam)
    compute_goal_progress()
    row = GoalProgress.objects.get(goal=goal)
    assert (row.as_of, row.value) == (clock.today(), 2)


def test_who_sets_goals_does_so_for_their_people_and_nobody_else_sees_them(cast: Cast, month: FiscalPeriod) -> None:
    with pytest.raises(NotAllowed):
        services.create_goal(actor=cast.sam, period=month, owner=cast.sam, target=5)
    with pytest.raises(NotAllowed):
        services.create_goal(actor=cast.bob, period=month, owner=cast.charlie, target=5)
    for wrong in (0, -1, "many", "0.0001"):
        with pytest.raises(InvalidInput):
            services.create_goal(actor=cast.bob, period=month, owner=cast.sam, target=wrong)
    assert not Goal.objects.exists()
    goal = services.create_goal(actor=cast.bob, period=month, owner=cast.sam, target=5)
    seen = {name for name in ("sam", "bob", "dana", "olga", "alice", "charlie", "clara")
            if Goal.objects.visible_to(getattr(cast, name)).filter(pk=goal.pk).exists()}  # fmt: skip
    assert seen == {"sam", "bob", "dana", "olga"}


@pytest.mark.spec("SD-02")
def test_the_plan_page_shows_goals_parts_and_rows(cast: Cast, month: FiscalPeriod, client: Client) -> None:
    client.force_login(cast.dana)
    typed = {"name": "Hundred", "period": month.pk, "owner": cast.dana.pk, "target": "100", "min_score": "77"}
    assert client.post(reverse("goal-new"), typed).status_code == 302
    goal = Goal.objects.get()
    rows = {
        "form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "version": "1",
        "form-0-region": "West", "form-0-owner": cast.bob.pk, "form-0-target": "60",
        "form-1-region": "East", "form-1-owner": cast.clara.pk, "form-1-target": "30",
    }  # fmt: skip
    page = reverse("goal-parts", args=[goal.pk])
    refused = client.post(page, rows)
    assert refused.status_code == 422 and "The parts add up to 90, the goal is 100." in refused.content.decode()
    assert client.post(page, {**rows, "form-1-target": "40"}).status_code == 302
    lead = make_qualified_lead(cast.sam, region="West")
    shown = client.get(reverse("lead-plan")).content.decode()
    assert "Hundred" in shown and "West" in shown and "score from 77" in shown
    compute_goal_progress()
    assert client.get(goal.get_absolute_url()).status_code == 200
    listed = client.get(reverse("goal-leads", args=[goal.parts.get(region="West").pk])).content.decode()
    assert lead.company in listed
    edited = client.post(reverse("goal-edit", args=[goal.pk]), {**typed, "target": "90", "version": "2"})
    assert edited.status_code == 422 and "add up" in edited.content.decode()
    assert client.get(reverse("lead-plan") + "?period=nonsense").status_code == 400
    client.force_login(cast.sam)
    assert client.get(goal.get_absolute_url()).status_code == 404
    assert client.post(page, rows).status_code == 403


@pytest.mark.spec("SD-02")
def test_goals_over_the_api(cast: Cast, month: FiscalPeriod, client: Client) -> None:
    client.force_login(cast.dana)
    body: dict[str, Any] = {
        "metric": "qualified_leads", "period": month.pk, "owner": cast.dana.pk, "target": "100", "min_score": "77",
        "parts": [{"region": "West", "owner": cast.bob.pk, "target": "60"}, {"region": "East", "target": "30"}],
    }  # fmt: skip
    short = client.post("/api/v1/goals", body, content_type="application/json")
    assert (short.status_code, short.json()["code"], Goal.objects.count()) == (422, "children_sum", 0)
    body["parts"][1]["target"] = "40"
    made = client.post("/api/v1/goals", body, content_type="application/json")
    assert made.status_code == 201, made.content
    goal = made.json()
    assert (goal["reached"], len(goal["parts"])) == ("0", 2)
    listed = client.get("/api/v1/goals?metric=qualified_leads&whole=true").json()["results"]
    assert [row["id"] for row in listed] == [goal["id"]]
    path = f"/api/v1/goals/{goal['id']}"
    parts = {"parts": [{"target": "50", "region": "West"}, {"target": "50", "region": "East"}]}
    stale = client.post(f"{path}/break-down", parts, content_type="application/json", headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    split = client.post(f"{path}/break-down", parts, content_type="application/json")
    assert split.status_code == 200 and len(split.json()["parts"]) == 2
    changed = client.patch(path, {"name": "Hundred"}, content_type="application/json")
    assert (changed.status_code, changed.json()["name"]) == (200, "Hundred")
    client.force_login(cast.charlie)
    assert client.get(path).status_code == 404
    assert client.get("/api/v1/goals?metric=nonsense").status_code == 400
