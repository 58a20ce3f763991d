"""What is planned on a deal when it closes: a lost one's goes off the plan, a won one's stays, nothing repeats."""

from datetime import timedelta

from django.test import Client

from accounts import services as accounts
from accounts.models import Activity
from opportunities import services
from opportunities.models import Opportunity
from revops.core import clock
from revops.core.models import AuditEntry
from revops.users.models import User
from tests.opportunities.builders import lose, make_deal, win
from tests.opportunities.quote_builders import make_sent_quote


def planned_on(deal: Opportunity, owner: User) -> tuple[Activity, Activity]:
    """A call that comes every week, and a meeting."""
    due = clock.now() + timedelta(days=1)
    call = accounts.plan_on(record=deal, actor=owner, kind="call", subject="Weekly call", due_at=due)
    call = accounts.repeat_activity(activity=call, version=None, rule="FREQ=WEEKLY", actor=owner)
    return call, accounts.plan_on(
        record=deal, actor=owner, kind="meeting", subject="Kick-off", due_at=due + timedelta(days=1)
    )


def state(*rows: Activity) -> list[str]:
    for row in rows:
        row.refresh_from_db()
    return [row.status for row in rows]


def test_a_lost_deals_plan_goes_with_it_and_the_dialog_says_so(alice: User, sam: User, client: Client) -> None:
    deal = make_deal(alice)
    call, meeting = planned_on(deal, alice)
    accounts.update_activity(activity=meeting, version=None, actor=alice, owner=sam)
    client.force_login(alice)
    asked = client.get(f"/opportunities/{deal.pk}/move/?stage=closed_lost").content.decode()
    assert "2 planned activities go off the plan with it: Weekly call, Kick-off." in asked
    lose(deal, alice)
    assert state(call, meeting) == ["cancelled", "cancelled"]
    assert call.series is not None and call.series.ended_at is not None
    said = AuditEntry.objects.filter(action="activity.cancelled")
    assert {(row.object_id, row.facts["reason"]) for row in said} == {
        (str(call.pk), "The deal is closed."),
        (str(meeting.pk), "The deal is closed."),
    }
    deal.refresh_from_db()
    services.reopen_opportunity(opportunity=deal, version=None, actor=alice)
    assert not Activity.objects.planned().exists()


def test_a_won_deal_keeps_its_plan_and_repeats_nothing(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    call, meeting = planned_on(deal, alice)
    client.force_login(alice)
    asked = client.get(f"/opportunities/{deal.pk}/move/?stage=closed_won").content.decode()
    assert "No longer repeats: Weekly call. What is planned stays." in asked
    win(deal, alice)
    assert state(call, meeting) == ["planned", "planned"]
    accounts.complete_activity(activity=call, version=None, actor=alice)
    assert Activity.objects.planned().get() == meeting
    page = client.get(deal.get_absolute_url())
    assert [row.pk for row in page.context["planned"]] == [meeting.pk]


def test_a_deal_won_by_its_quote_repeats_nothing_either(alice: User) -> None:
    quote = make_sent_quote(alice)
    call, _meeting = planned_on(quote.opportunity, alice)
    services.accept_quote(quote=quote, version=quote.version, actor=alice, accepted_by_name="Ann Vale")
    assert state(call) == ["planned"]
    assert call.series is not None and call.series.ended_at is not None


def test_closing_leaves_other_deals_and_past_activities_alone(alice: User) -> None:
    deal, other = make_deal(alice), make_deal(alice)
    done = accounts.log_on(record=deal, actor=alice, kind="call", subject="Rang")
    _call, elsewhere = planned_on(other, alice)
    lose(deal, alice)
    assert state(done, elsewhere) == ["completed", "planned"]
