"""A lead's next action: kept beside the lead by the database, and always that of its earliest planned activity."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Min, Q
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services as accounts
from accounts.models import Activity
from leads import services
from leads.models import Lead, LeadActivity
from revops.core import clock
from revops.users.models import User
from tests.cast import make_cast
from tests.core.threads import together
from tests.leads.builders import make_lead

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)
PLANNED = Q(lead_activities__activity__status=Activity.Status.PLANNED)


def plan(lead: Lead, actor: User, *, hours: int, subject: str = "Call") -> Activity:
    due = NOON + timedelta(hours=hours)
    return services.plan_lead_activity(lead=lead, actor=actor, kind="call", subject=subject, due_at=due)


def kept_and_counted() -> tuple[dict[int, Any], dict[int, Any]]:
    """What stands beside each lead, and what its activities say."""
    kept = dict(Lead.objects.values_list("pk", "next_due_at"))
    found = Lead.objects.annotate(first=Min("lead_activities__activity__due_at", filter=PLANNED))
    return kept, dict(found.values_list("pk", "first"))


@pytest.mark.spec("RO-20")
def test_the_earliest_planned_activity_is_the_next_action(sam: User) -> None:
    lead = make_lead(sam)
    assert Lead.objects.get().next_due_at is None
    later, sooner = plan(lead, sam, hours=5), plan(lead, sam, hours=1)
    assert Lead.objects.get().next_due_at == sooner.due_at
    accounts.update_activity(activity=sooner, version=None, actor=sam, due_at=NOON + timedelta(hours=9))
    assert Lead.objects.get().next_due_at == later.due_at
    accounts.complete_activity(activity=later, version=None, actor=sam)
    assert Lead.objects.get().next_due_at == NOON + timedelta(hours=9)
    accounts.cancel_activity(activity=sooner, version=None, actor=sam)
    assert Lead.objects.get().next_due_at is None


def test_planning_makes_no_copy_of_a_lead_stale_and_writes_no_history(sam: User) -> None:
    lead = make_lead(sam)
    before = lead.events.count()  # type: ignore[attr-defined]
    plan(lead, sam, hours=1)
    assert lead.events.count() == before  # type: ignore[attr-defined]
    services.update_lead(lead=lead, version=lead.version, actor=sam, company="Elmbridge & Sons")
    assert Lead.objects.get().next_due_at == NOON + timedelta(hours=1)


def _unlink(activity: Activity, **_given: Any) -> None:
    LeadActivity.objects.filter(activity=activity).delete()


def _delete(activity: Activity, **_given: Any) -> None:
    LeadActivity.objects.filter(activity=activity).delete()
    activity.delete()


WAYS: dict[str, Any] = {
    "done": lambda activity, sam, **_: accounts.complete_activity(activity=activity, version=None, actor=sam),
    "dropped": lambda activity, sam, **_: accounts.cancel_activity(activity=activity, version=None, actor=sam),
    "put off": lambda activity, sam, hours, **_: accounts.update_activity(
        activity=activity, version=None, actor=sam, due_at=NOON + timedelta(hours=hours, minutes=1)
    ),
    "moved": lambda activity, other, **_: LeadActivity.objects.filter(activity=activity).update(lead=other),
    "unlinked": _unlink,
    "deleted": _delete,
}
STEPS = st.tuples(st.sampled_from(("planned", "planned", *WAYS)), st.integers(0, 2), st.integers(-30, 30))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_is_written_the_next_action_is_what_the_activities_say(sam: User, steps: Any) -> None:
    leads = [make_lead(sam) for _ in range(3)]
    for way, number, hours in steps:
        planned = Activity.objects.filter(lead_link__lead=leads[number], status="planned").order_by("pk").first()
        if way == "planned":
            plan(leads[number], sam, hours=hours)
        elif planned is not None:
            WAYS[way](planned, sam=sam, hours=hours, other=leads[(number + 1) % 3])
    kept, counted = kept_and_counted()
    assert kept == counted


@pytest.mark.parametrize("planned", [True, False])
def test_a_merge_takes_the_next_action_along_and_gives_it_back(olga: User, planned: bool) -> None:
    winner, loser = make_lead(olga), make_lead(olga)
    before = plan(winner, olga, hours=8).due_at if planned else None
    sooner = plan(loser, olga, hours=2)
    merge = services.merge_leads(winner=winner, loser=loser, choices={}, version=None, actor=olga)
    assert Lead.objects.get(pk=winner.pk).next_due_at == sooner.due_at
    assert Lead.objects.get(pk=loser.pk).next_due_at is None
    services.take_leads_apart(merge=merge, actor=olga)
    assert Lead.objects.get(pk=winner.pk).next_due_at == before
    assert Lead.objects.get(pk=loser.pk).next_due_at == sooner.due_at


@pytest.mark.django_db(transaction=True)
def test_planned_at_one_moment_by_many_the_earliest_stays() -> None:
    sam = make_cast().sam
    lead = make_lead(sam)
    together(*[lambda hours=hours: plan(lead, sam, hours=hours) for hours in (7, 3, 5, 9)])
    kept, counted = kept_and_counted()
    assert kept == counted == {lead.pk: NOON + timedelta(hours=3)}


def test_list_and_api_filter_and_sort_by_it(sam: User, client: Client) -> None:
    client.force_login(sam)
    now = clock.now()
    names = {"Late": -timedelta(hours=30), "Soon": timedelta(days=2), "Later": timedelta(days=9)}
    for name, ahead in names.items():
        lead = make_lead(sam, last_name=name)
        services.plan_lead_activity(lead=lead, actor=sam, kind="task", subject="Do", due_at=now + ahead)
    make_lead(sam, last_name="Idle")

    def said(query: str) -> list[str]:
        return [row["last_name"] for row in client.get(f"/api/v1/leads?{query}").json()["results"]]

    assert said("sort=next_action_at") == ["Late", "Soon", "Later", "Idle"]
    assert said("sort=-next_action_at") == ["Later", "Soon", "Late", "Idle"]
    assert (said("next=late"), said("next=none")) == (["Late"], ["Idle"])
    assert sorted(said("next=later")) == ["Later", "Soon"]
    page = client.get(reverse("lead-list"), {"sort": "next"}).content.decode()
    assert [page.index(name) for name in ("Late", "Soon", "Later", "Idle")] == sorted(
        page.index(name) for name in ("Late", "Soon", "Later", "Idle")
    )
    (row,) = client.get("/api/v1/leads?next=late").json()["results"]
    assert datetime.fromisoformat(row["next_action_at"]) == Lead.objects.get(last_name="Late").next_due_at
