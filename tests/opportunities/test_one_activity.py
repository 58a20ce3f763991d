"""DA-06: one activity stands on the timelines of account, contact and deal alike."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import services as accounts
from accounts.models import Activity
from accounts.selectors import timeline
from accounts.selectors.timeline import activities_of
from opportunities import services
from opportunities.selectors.timeline import timeline as deal_timeline
from revops.core import clock
from revops.users.models import User
from tests.accounts.builders import make_contact
from tests.accounts.test_api import BASE, client_of
from tests.opportunities.builders import make_deal


@pytest.mark.spec("DA-06")
def test_one_activity_stands_on_the_timelines_of_account_contact_and_deal(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    assert deal.account is not None
    contact = make_contact(deal.account)
    planned = services.plan_on_opportunity(
        opportunity=deal,
        actor=alice,
        kind="meeting",
        subject="Workshop on needs",
        due_at=clock.now() + timedelta(hours=1),
        contact=contact,
    )
    accounts.complete_activity(activity=planned, version=planned.version, actor=alice, outcome="All open needs named")
    assert Activity.objects.count() == 1
    for record in (deal.account, contact):
        entries = timeline(record=record, activities=activities_of(record, viewer=alice))
        told = [entry for entry in entries if "Workshop on needs" in entry.title]
        assert [entry.text for entry in told] == ["All open needs named"]
    events = [event for _day, group in deal_timeline(deal).days for event in group]
    assert [event.text for event in events if event.title == "Workshop on needs"] == ["All open needs named"]
    client.force_login(alice)
    for record in (deal.account, contact, deal):
        assert client.get(record.get_absolute_url()).content.decode().count("All open needs named") == 1
    api = client_of(alice)
    for query in (f"account={deal.account_id}", f"contact={contact.pk}"):
        assert [row["id"] for row in api.get(f"{BASE}/activities?{query}").json()["results"]] == [planned.pk]


@pytest.mark.spec("DA-06")
def test_who_does_not_see_the_records_sees_the_activity_on_none(alice: User, charlie: User) -> None:
    deal = make_deal(alice)
    services.log_on_opportunity(opportunity=deal, actor=alice, kind="call", subject="Asked about the budget")
    assert not Activity.objects.visible_to(charlie).exists()
    assert client_of(charlie).get(f"{BASE}/activities?account={deal.account_id}").status_code == 400
