"""One record for one person or team: to read or to work on, until a day, taken back at once."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Account, AccountShare, Activity, Contact
from accounts.services import create_account, create_contact, log_activity, update_account
from leads.models import Lead
from opportunities.models import Opportunity, OpportunityShare, Quote
from opportunities.services import accept_quote, send_quote, update_opportunity
from orders.models import Order
from postsales.models import SupportCase
from revops.core import outbox
from revops.core.acting import acting_as
from revops.core.errors import InvalidInput, NotAllowed
from revops.core.models import AuditEntry
from revops.users import services
from revops.users.models import Notification, User
from tests.builders import make_token
from tests.cast import Cast
from tests.leads.builders import make_lead
from tests.opportunities.builders import make_deal
from tests.opportunities.quote_builders import make_sent_quote
from tests.postsales.builders import make_case

pytestmark = pytest.mark.django_db


def api(user: User) -> Any:
    return APIClient(headers={"Authorization": f"Bearer {make_token(user)}"})


def sees(user: User, record: Any) -> bool:
    return bool(type(record)._default_manager.visible_to(user).filter(pk=record.pk).exists())


@pytest.fixture
def account(cast: Cast) -> Account:
    account: Account = create_account(actor=cast.alice, name="Zanzibar Quartz")
    return account


def test_a_shared_account_brings_its_contacts_and_timeline_and_nothing_else(cast: Cast, account: Account) -> None:
    contact = create_contact(actor=cast.alice, account=account, last_name="Person")
    activity = log_activity(actor=cast.alice, kind="call", subject="Rang", account=account)
    other, deal = create_account(actor=cast.alice, name="Other"), make_deal(cast.alice)
    assert not any(sees(cast.charlie, record) for record in (account, contact, activity))
    services.share_record(record=account, user=cast.charlie, actor=cast.alice)
    assert all(sees(cast.charlie, record) for record in (account, contact, activity))
    assert not any(sees(cast.charlie, record) for record in (other, deal))
    assert Account.objects.visible_to(cast.sam).count() == 0


def test_a_shared_deal_brings_its_quotes_and_its_order(cast: Cast) -> None:
    quote = make_sent_quote(cast.alice)
    services.share_record(record=quote.opportunity, user=cast.charlie, actor=cast.alice)
    assert sees(cast.charlie, quote.opportunity) and sees(cast.charlie, quote)
    accept_quote(quote=quote, version=quote.version, actor=cast.alice, accepted_by_name="Ann")
    outbox.deliver_due()
    order = Order.objects.get(quote=quote)
    assert sees(cast.charlie, order)
    services.revoke_share(share=OpportunityShare.objects.get(), actor=cast.alice)
    assert not any(sees(cast.charlie, record) for record in (quote.opportunity, quote, order))


def test_leads_and_cases_are_shared_too(cast: Cast, account: Account) -> None:
    lead, case = make_lead(cast.alice), make_case(account, "Leak", owner=cast.alice)
    for record in (lead, case):
        services.share_record(record=record, user=cast.charlie, actor=cast.alice)
        assert sees(cast.charlie, record)
    assert Lead.objects.visible_to(cast.charlie).count() == SupportCase.objects.visible_to(cast.charlie).count() == 1


def test_a_share_for_a_team_is_for_who_is_in_it_today(cast: Cast, account: Account) -> None:
    services.share_record(record=account, team=cast.east, actor=cast.alice)
    assert sees(cast.charlie, account) and sees(cast.clara, account)
    assert not sees(cast.erin, account)
    services.move_member(user=cast.charlie, team=cast.west, actor=None)
    assert not sees(cast.charlie, account)
    assert {row.user for row in Notification.objects.filter(kind="record.shared")} == {cast.charlie, cast.clara}


def test_the_last_day_counts_and_then_it_is_over_at_once(cast: Cast, account: Account) -> None:
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False) as now:
        services.share_record(record=account, user=cast.charlie, until=date(2027, 3, 2), actor=cast.alice)
        now.move_to(datetime(2027, 3, 2, 23, 59, tzinfo=UTC))
        assert sees(cast.charlie, account)
        now.move_to(datetime(2027, 3, 3, 0, 1, tzinfo=UTC))
        assert not sees(cast.charlie, account)


def test_whom_it_is_shared_with_hears_of_it_and_sharing_again_changes_the_terms(cast: Cast, account: Account) -> None:
    services.share_record(record=account, user=cast.charlie, message="Please look", actor=cast.alice)
    row = Notification.objects.get(user=cast.charlie)
    assert (row.kind, row.body, row.url) == ("record.shared", "Please look", account.get_absolute_url())
    assert row.title == f"{cast.alice} shares Zanzibar Quartz with you"
    services.share_record(record=account, user=cast.charlie, level="edit", actor=cast.alice)
    share = AccountShare.objects.get()
    assert share.level == "edit"
    actions = AuditEntry.objects.filter(model="accounts.account", action="record.shared")
    assert actions.count() == 2
    services.revoke_share(share=share, actor=cast.charlie)
    assert not sees(cast.charlie, account)
    assert AuditEntry.objects.filter(action="record.unshared", actor=cast.charlie).exists()


def test_the_database_keeps_one_share_a_person_for_a_person_or_a_team(cast: Cast, account: Account) -> None:
    services.share_record(record=account, user=cast.charlie, actor=cast.alice)
    for wrong in ({"user": cast.charlie}, {"user": cast.sam, "team": cast.east}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccountShare.objects.create(record=account, created_by=cast.alice, **wrong)


# Only to read ------------------------------------------------------------------------------------


def test_who_may_only_read_gets_403_for_every_write_and_who_may_work_gets_through(cast: Cast) -> None:
    quote = make_sent_quote(cast.alice)
    deal = quote.opportunity
    services.share_record(record=deal, user=cast.charlie, actor=cast.alice)
    client = api(cast.charlie)
    address = f"/api/v1/opportunities/{deal.pk}"
    read = client.get(address)
    assert read.status_code == 200
    writes = [
        client.patch(address, {"name": "Mine"}, headers={"If-Match": read["ETag"]}),
        client.patch(f"/api/v1/quotes/{quote.pk}", {"custom": {}}, headers={"If-Match": f'"{quote.version}"'}),
        client.post(f"/api/v1/opportunities/{deal.pk}/shares", {"user": cast.sam.pk}),
    ]
    assert [answer.status_code for answer in writes] == [403, 403, 403], [answer.json() for answer in writes]
    with acting_as(cast.charlie), pytest.raises(NotAllowed):
        send_quote(quote=quote, version=quote.version, actor=cast.charlie)
    deal.refresh_from_db()
    assert deal.name != "Mine"
    services.share_record(record=deal, user=cast.charlie, level="edit", actor=cast.alice)
    answer = client.patch(address, {"name": "Ours"}, headers={"If-Match": client.get(address)["ETag"]})
    assert answer.status_code == 200
    deal.refresh_from_db()
    assert deal.name == "Ours"


def test_nothing_new_is_hung_on_what_one_may_only_read(cast: Cast, account: Account) -> None:
    services.share_record(record=account, user=cast.charlie, actor=cast.alice)
    client = api(cast.charlie)
    answers = [
        client.post("/api/v1/contacts", {"account": account.pk, "last_name": "Mine"}),
        client.post(
            "/api/v1/activities",
            {"kind": "call", "subject": "Rang", "account": account.pk},
        ),
        client.patch(f"/api/v1/accounts/{account.pk}", {"name": "Mine"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403], [answer.json() for answer in answers]
    assert not Contact.objects.exists() and not Activity.objects.exists()


def test_a_reader_is_refused_on_the_page_as_well(cast: Cast, account: Account, client: Client) -> None:
    services.share_record(record=account, user=cast.charlie, actor=cast.alice)
    client.force_login(cast.charlie)
    assert client.get(account.get_absolute_url()).status_code == 200
    answer = client.post(reverse("account-archive", args=[account.pk]), {"version": account.version})
    assert answer.status_code == 403
    account.refresh_from_db()
    assert account.archived_at is None


def test_reading_here_takes_nothing_from_what_is_ones_own(cast: Cast, account: Account) -> None:
    own = create_account(actor=cast.charlie, name="Own")
    services.share_record(record=account, user=cast.charlie, actor=cast.alice)
    with acting_as(cast.charlie):
        update_account(account=own, version=None, actor=cast.charlie, name="Still own")
    deal = make_deal(cast.charlie)
    with acting_as(cast.charlie):
        update_opportunity(opportunity=deal, version=None, actor=cast.charlie, name="Still mine")
    assert Opportunity.objects.get(pk=deal.pk).name == "Still mine"


# Who may share ---------------------------------------------------------------------------------------


def test_one_shares_what_is_ones_own_and_passes_nothing_on(cast: Cast, account: Account) -> None:
    services.share_record(record=account, user=cast.charlie, level="edit", actor=cast.alice)
    with pytest.raises(NotAllowed):
        services.share_record(record=account, user=cast.sam, actor=cast.charlie)
    with pytest.raises(NotAllowed):
        services.share_record(record=account, user=cast.sam, actor=cast.clara)
    services.share_record(record=account, user=cast.sam, actor=cast.bob)  # her manager reaches it
    assert AccountShare.objects.count() == 2


def test_what_cannot_be_shared_and_with_whom_it_cannot(cast: Cast, account: Account) -> None:
    contact = create_contact(actor=cast.alice, account=account, last_name="Person")
    with pytest.raises(NotAllowed):
        services.share_record(record=contact, user=cast.charlie, actor=cast.alice)
    gone = services.deactivate_user(user=cast.sam, actor=cast.olga)
    for wrong in (
        {"user": gone},
        {"user": cast.alice},
        {},
        {"user": cast.charlie, "team": cast.east},
        {"user": cast.charlie, "until": date(2020, 1, 1)},
        {"user": cast.charlie, "level": "own"},
        {"user": cast.charlie, "message": "x" * 401},
    ):
        with pytest.raises(InvalidInput):
            services.share_record(record=account, actor=cast.alice, **wrong)  # type: ignore[arg-type]
    assert not AccountShare.objects.exists()


# Doors -----------------------------------------------------------------------------------------------


def test_the_page_says_who_sees_it_and_why_and_shares_and_revokes(cast: Cast, account: Account, client: Client) -> None:
    address = reverse("record-access", args=["accounts.account", account.pk])
    client.force_login(cast.charlie)
    assert client.get(address).status_code == 404
    assert client.post(address, {"user": cast.charlie.pk, "level": "edit"}).status_code == 404
    assert client.get(reverse("record-access", args=["users.user", cast.alice.pk])).status_code == 404
    client.force_login(cast.alice)
    assert client.post(address, {"level": "view"}).status_code == 422
    assert client.post(address, {"user": cast.charlie.pk, "level": "view"}).status_code == 302
    page = client.get(address).content.decode()
    for text in ("owns it", "manages Alice Reed", "sees every record", "reads it, shared by Alice Reed"):
        assert text in page, text
    panel = client.get(address, {"panel": 1}).content.decode()
    assert str(cast.charlie) in panel and "<html" not in panel
    share = AccountShare.objects.get()
    client.force_login(cast.charlie)
    assert "Share it" not in client.get(address).content.decode()
    client.force_login(cast.alice)
    revoke = reverse("record-unshare", args=["accounts.account", account.pk, share.pk])
    assert client.post(revoke).status_code == 302
    assert client.post(revoke).status_code == 404
    assert not sees(cast.charlie, account)


def test_the_api_shares_lists_and_revokes(cast: Cast, account: Account) -> None:
    mine, theirs = api(cast.alice), api(cast.charlie)
    address = f"/api/v1/accounts/{account.pk}/shares"
    assert theirs.get(address).status_code == 404
    assert theirs.post(address, {"user": cast.charlie.pk}).status_code == 404
    made = mine.post(address, {"user": cast.charlie.pk, "level": "view", "until": "2099-01-01"})
    assert made.status_code == 201 and made.json()["until"] == "2099-01-01"
    assert mine.post(address, {"user": cast.charlie.pk, "weather": 1}).status_code == 422
    assert [one["user"] for one in mine.get(address).json()["results"]] == [cast.charlie.pk]
    assert [one["user"] for one in theirs.get(address).json()["results"]] == [cast.charlie.pk]
    assert mine.delete(f"{address}/{made.json()['id']}").status_code == 204
    assert mine.delete(f"{address}/{made.json()['id']}").status_code == 404
    assert theirs.get(address).status_code == 404


def test_a_request_asks_once_what_is_shared_however_many_records_it_shows(cast: Cast, client: Client) -> None:
    for number in range(4):
        record = create_account(actor=cast.alice, name=f"Company {number}")
        services.share_record(record=record, user=cast.charlie, actor=cast.alice)
    client.force_login(cast.charlie)
    client.get("/accounts/")
    with CaptureQueriesContext(connection) as caught:
        assert "Company 3" in client.get("/accounts/").content.decode()
    assert sum("accountshare" in query["sql"] for query in caught.captured_queries) == 1


def test_a_share_of_a_quote_is_the_share_of_its_deal(cast: Cast) -> None:
    quote = make_sent_quote(cast.alice)
    with pytest.raises(NotAllowed):
        services.share_record(record=quote, user=cast.charlie, actor=cast.alice)
    assert not Quote.objects.visible_to(cast.charlie).exists()
