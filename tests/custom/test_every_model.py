"""Each kind of record that takes custom fields: by form and by API, needed from a state on, along with a conversion."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import Account, Activity, Contact
from leads.models import Lead
from leads.setup import ensure_leads
from opportunities import services as deals
from opportunities.models import Opportunity, Quote
from opportunities.setup import ensure_pipeline
from orders import services as orders
from orders.models import Order
from postsales import services as care
from revops.core import clock
from revops.core.custom.definitions import homes
from revops.core.errors import MissingFields, StaleCopy
from revops.core.models import AuditEntry, CustomData
from revops.users.models import User
from tests.builders import make_price_book, make_product, make_token
from tests.cast import Cast
from tests.custom.builders import K, make_field
from tests.leads.builders import make_lead, make_qualified_lead

RESOURCES = {
    "accounts.account": "accounts",
    "accounts.contact": "contacts",
    "accounts.activity": "activities",
    "leads.lead": "leads",
    "opportunities.opportunity": "opportunities",
    "opportunities.quote": "quotes",
    "orders.order": "orders",
    "postsales.supportcase": "cases",
    "catalog.product": "products",
}


@pytest.fixture
def records(cast: Cast) -> dict[str, Any]:
    """One record of every kind, alice's."""
    ensure_leads()
    ensure_pipeline()
    alice = cast.alice
    book = make_price_book(is_default=True)
    product = make_product(price=100, cost=50, book=book)
    account = accounts.create_account(actor=alice, name="Tamar Yards")
    contact = accounts.create_contact(actor=alice, account=account, last_name="Pike")
    deal = deals.create_opportunity(actor=alice, name="Fleet", account=account, amount=Decimal(500))
    quote = deals.create_quote(actor=alice, opportunity=deal, lines=[{"product": product, "quantity": 2}])
    order = orders.create_order(actor=alice, account=account, lines=[{"product": product, "quantity": 2}])
    activity = accounts.plan_activity(
        actor=alice, kind="call", subject="Call", due_at=clock.now() + timedelta(days=1), account=account
    )
    return {
        "accounts.account": account,
        "accounts.contact": contact,
        "accounts.activity": activity,
        "leads.lead": make_lead(alice),
        "opportunities.opportunity": deal,
        "opportunities.quote": quote,
        "orders.order": order,
        "postsales.supportcase": care.open_case(actor=alice, account=account, subject="It drips"),
        "catalog.product": product,
    }


def api_of(user: User) -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user)}")
    return api


def test_every_model_with_the_column_has_its_home_and_a_door_to_its_service() -> None:
    def below(model: Any) -> set[str]:
        kinds = {one._meta.label_lower for one in model.__subclasses__() if not one._meta.abstract}
        # The tables of history copy the column, and take nothing.
        return {label for label in kinds if not label.endswith("event")}

    assert {home.key for home in homes} == set(RESOURCES) == below(CustomData)
    assert all(home.change is not None and home.permission for home in homes)


@pytest.mark.parametrize("label", RESOURCES)
def test_a_field_is_changed_on_its_page_and_by_the_api(
    label: str, records: dict[str, Any], cast: Cast, client: Client
) -> None:
    make_field(label, "floor", K.INTEGER, in_list=True)
    make_field(label, "note")
    record = records[label]
    who = cast.olga if label == "catalog.product" else cast.alice
    client.force_login(who)
    address = reverse("core:custom-values", args=[label, record.pk])
    assert 'name="custom.floor"' in client.get(address).content.decode()
    record.refresh_from_db()
    saved = client.post(address, {"version": record.version, "custom.floor": "7", "custom.note": "Ring twice"})
    assert saved.status_code == 302, saved.content.decode()[:2000]
    record.refresh_from_db()
    assert record.custom == {"floor": 7, "note": "Ring twice"}
    assert AuditEntry.objects.about(record).latest("pk").after == {"custom.floor": 7, "custom.note": "Ring twice"}
    if label != "accounts.activity":  # an activity has no page of its own
        assert "Ring twice" in client.get(record.get_absolute_url()).content.decode()

    stale = client.post(address, {"version": record.version - 1, "custom.floor": "8"})
    assert stale.status_code == 409
    bad = client.post(address, {"version": record.version, "custom.floor": "eight"})
    assert bad.status_code == 422

    api = api_of(who)
    url = f"/api/v1/{RESOURCES[label]}/{record.pk}"
    tag = {"If-Match": f'"{record.version}"'}
    changed = api.patch(url, {"custom": {"floor": "9"}}, headers=tag)
    assert changed.status_code == 200, changed.json()
    assert changed.json()["custom"] == {"floor": 9, "note": "Ring twice"}
    refused = api.patch(url, {"custom": {"floor": "x", "nothing": 1}}, headers={"If-Match": changed["ETag"]})
    assert refused.status_code == 422
    assert {one["pointer"] for one in refused.json()["errors"]} == {"custom.floor", "custom.nothing"}
    assert api.patch(url, {"custom": {"floor": 1}}, headers=tag).status_code == 412
    listed = api.get(f"/api/v1/{RESOURCES[label]}?cf.floor__gte=9&sort=-cf.floor")
    assert [row["id"] for row in listed.json()["results"]] == [record.pk]
    record.refresh_from_db()
    assert record.custom == {"floor": 9, "note": "Ring twice"}


@pytest.mark.parametrize("label", [label for label in RESOURCES if label != "catalog.product"])
def test_an_outsider_gets_404_on_the_page_of_values_and_a_reader_403(
    label: str, records: dict[str, Any], cast: Cast, client: Client
) -> None:
    make_field(label, "floor", K.INTEGER)
    record = records[label]
    version = record.version
    address = reverse("core:custom-values", args=[label, record.pk])
    client.force_login(cast.charlie)
    assert client.get(address).status_code == 404
    assert client.post(address, {"version": version, "custom.floor": "7"}).status_code == 404
    cast.alice.groups.clear()
    client.force_login(User.objects.get(pk=cast.alice.pk))
    assert client.post(address, {"version": version, "custom.floor": "7"}).status_code == 403
    record.refresh_from_db()
    assert record.custom == {}


def test_a_made_up_kind_of_record_or_one_without_fields_has_no_page(records: dict[str, Any], olga: User) -> None:
    client = Client()
    client.force_login(olga)
    for label in ("leads.lead", "users.user", "leads.leadqueue", "x", "a.b.c"):
        assert client.get(f"/custom/{label}/{records['leads.lead'].pk}/").status_code == 404, label


FORMS = {
    "accounts.account": ("account-new", {"name": "Exe Mills", "kind": "company", "currency": "USD"}, Account),
    "accounts.contact": ("contact-new", {"last_name": "Hart"}, Contact),
    "opportunities.opportunity": (
        "opportunity-new", {"name": "Rollout", "currency": "USD", "kind": "new", "stage": "engage"}, Opportunity,
    ),
    "postsales.supportcase": ("case-new", {"subject": "Noise", "channel": "phone", "priority": "P3"}, None),
}  # fmt: skip


@pytest.mark.parametrize("label", FORMS)
def test_the_form_that_makes_a_record_asks_for_its_fields(
    label: str, records: dict[str, Any], cast: Cast, client: Client
) -> None:
    make_field(label, "floor", K.INTEGER, required_at=["always"], group="Building")
    make_field(label, "lift", K.FLAG, default=True)
    client.force_login(cast.alice)
    name, data, _model = FORMS[label]
    address = reverse(name)
    page = client.get(address)
    body = page.content.decode()
    assert "<legend>Building</legend>" in body
    form = page.context["form"]
    start = {key: form[key].value() for key in form.fields if key not in data}
    account = records["accounts.account"].pk
    data = {key: value for key, value in {**start, **data, "account": account}.items() if value not in (None, "")}
    lacking = client.post(address, {**data, "custom.floor": ""})
    assert lacking.status_code == 422
    assert "custom.floor" in lacking.context["form"].errors
    made = client.post(address, {**data, "custom.floor": "3"})
    assert made.status_code == 302, made.context["form"].errors
    record = type(records[label]).objects.latest("pk")
    assert record.custom == {"floor": 3, "lift": True}


def test_the_edit_form_of_a_deal_and_of_a_case_change_their_fields(records: dict[str, Any], alice: User) -> None:
    client = Client()
    client.force_login(alice)
    for label, name in (("opportunities.opportunity", "opportunity-edit"), ("postsales.supportcase", "case-edit")):
        make_field(label, "floor", K.INTEGER)
        address = reverse(name, args=[records[label].pk])
        form = client.get(address).context["form"]
        data = {key: form[key].value() for key in form.fields}
        data = {key: value for key, value in data.items() if value not in (None, "")}
        saved = client.post(address, {**data, "version": records[label].version, "custom.floor": "4"})
        assert saved.status_code == 302, saved.context["form"].errors
        records[label].refresh_from_db()
        assert records[label].custom == {"floor": 4}


def test_what_is_logged_on_a_record_takes_the_fields_of_activities(records: dict[str, Any], alice: User) -> None:
    make_field("accounts.activity", "channel", K.CHOICE)
    client = Client()
    client.force_login(alice)
    places = {
        "accounts.account": "account-log",
        "leads.lead": "lead-log",
        "opportunities.opportunity": "opportunity-log",
    }
    for label, name in places.items():
        record = records[label]
        assert 'name="custom.channel"' in client.get(record.get_absolute_url()).content.decode()
        sent = client.post(
            reverse(name, args=[record.pk]), {"kind": "call", "text": f"Spoke {label}", "custom.channel": "high"}
        )
        assert sent.status_code == 302
        assert Activity.objects.get(subject=f"Spoke {label}").custom == {"channel": "high"}


# Needed from a state on ---------------------------------------------------------------------


def test_the_board_asks_for_a_field_that_the_stage_needs(records: dict[str, Any], alice: User) -> None:
    deal = records["opportunities.opportunity"]
    stages = [stage.key for stage in deal.pipeline.stages.filter(kind="open").order_by("position")]
    make_field("opportunities.opportunity", "budget", K.MONEY, required_at=[stages[1]])
    make_field("opportunities.opportunity", "tags", K.CHOICES, required_at=[stages[1]])
    client = Client()
    client.force_login(alice)
    address = reverse("opportunity-move", args=[deal.pk])
    facts = {"amount": "500", "close_on": "2026-12-31"}
    asked = client.post(address, {"stage": stages[2], "version": deal.version, **facts}, HTTP_X_REQUESTED_WITH="fetch")
    assert asked.status_code == 422
    body = asked.content.decode()
    assert 'name="custom.budget_amount"' in body
    assert 'name="custom.tags"' in body
    deal.refresh_from_db()
    assert deal.stage.key == stages[0]
    with pytest.raises(MissingFields) as missing:
        deals.move_opportunity(opportunity=deal, stage=stages[2], version=None, actor=alice)
    assert {"custom.budget", "custom.tags"} <= set(missing.value.fields)
    more = {"custom.budget_amount": "12", "custom.budget_currency": "EUR", "custom.tags": ["low", "high"]}
    moved = client.post(address, {"stage": stages[1], "version": deal.version, **facts, **more})
    assert moved.status_code == 302, moved.content.decode()[:3000]
    deal.refresh_from_db()
    assert deal.stage.key == stages[1]
    assert deal.custom == {"budget": {"amount": "12.00", "currency": "EUR"}, "tags": ["low", "high"]}
    with pytest.raises(MissingFields):
        deals.update_opportunity(opportunity=deal, version=None, actor=alice, custom={"tags": []})


def test_a_field_needed_for_a_state_holds_up_booking_and_solving_but_no_ending(
    records: dict[str, Any], cast: Cast
) -> None:
    make_field("orders.order", "gate", required_at=["booked"])
    make_field("postsales.supportcase", "cause", required_at=["resolved"])
    order, case = records["orders.order"], records["postsales.supportcase"]
    with pytest.raises(MissingFields) as missing:
        orders.book_order(order=order, version=None, actor=cast.erin)
    assert missing.value.fields == ["custom.gate"]
    assert Order.objects.get(pk=order.pk).status == "draft"
    case = care.reply_case(case=case, body="We look at it", actor=cast.alice)
    with pytest.raises(MissingFields):
        care.resolve_case(case=case, body="Tightened it", actor=cast.alice)
    assert orders.cancel_order(order=order, version=None, actor=cast.olga).status == "cancelled"


def test_a_call_on_a_lead_is_logged_even_if_its_next_state_needs_something(alice: User) -> None:
    from leads.services import log_lead_activity

    lead = make_lead(alice)
    make_field("leads.lead", "district", required_at=["working"])
    log_lead_activity(lead=lead, actor=alice, kind="call", subject="Rang")
    lead.refresh_from_db()
    assert lead.status == Lead.Status.NEW
    assert Activity.objects.filter(subject="Rang").exists()


def test_a_sent_quote_and_a_booked_order_keep_their_fields_changeable_and_nothing_else(
    records: dict[str, Any], cast: Cast
) -> None:
    make_field("opportunities.quote", "mood")
    quote: Quote = records["opportunities.quote"]
    quote = deals.submit_quote(quote=quote, version=None, actor=cast.alice)
    quote = deals.send_quote(quote=quote, version=None, actor=cast.alice)
    quote = deals.update_quote(quote=quote, version=quote.version, actor=cast.alice, custom={"mood": "warm"})
    assert (quote.status, quote.custom) == ("sent", {"mood": "warm"})
    with pytest.raises(Exception, match="stays as it is"):
        deals.update_quote(quote=quote, version=None, actor=cast.alice, custom={"mood": "cold"}, terms="Other")
    quote.refresh_from_db()
    assert quote.custom == {"mood": "warm"}
    assert deals.revise_quote(quote=quote, version=None, actor=cast.alice).custom == {"mood": "warm"}


# Conversion ----------------------------------------------------------------------------------


def test_values_go_along_to_fields_of_the_same_key_and_kind(alice: User) -> None:
    make_price_book(is_default=True)
    ensure_pipeline()
    to_all = ["accounts.account", "accounts.contact", "opportunities.opportunity"]
    make_field("leads.lead", "district")
    make_field("leads.lead", "level", K.CHOICE)
    make_field("leads.lead", "seats", K.INTEGER)
    make_field("leads.lead", "secret", carried_to=[])
    for label in to_all:
        make_field(label, "district")
        make_field(label, "secret")
    make_field("accounts.account", "seats", K.TEXT)  # another kind
    make_field("accounts.account", "level", K.CHOICE, choices=[{"value": "else", "label": "Else"}])
    make_field("opportunities.opportunity", "level", K.CHOICE, required_at=["always"])
    make_field("accounts.contact", "must", required_at=["always"])  # nobody is there to be asked
    values = {"district": "North", "level": "low", "seats": 5, "secret": "x"}
    lead = make_qualified_lead(alice, custom=values)
    deal = deals.convert_lead(lead=lead, version=None, actor=alice)
    assert deal.custom == {"district": "North", "level": "low"}
    assert deal.account is not None
    assert deal.account.custom == {"district": "North"}
    assert deal.contact is not None
    assert deal.contact.custom == {"district": "North"}
    lead.refresh_from_db()
    assert lead.custom == values


def test_a_stale_copy_changes_no_value(alice: User) -> None:
    make_field("leads.lead", "district")
    lead = make_lead(alice)
    from leads.services import update_lead

    update_lead(lead=lead, version=lead.version, actor=alice, custom={"district": "North"})
    with pytest.raises(StaleCopy):
        update_lead(lead=lead, version=lead.version, actor=alice, custom={"district": "South"})
    lead.refresh_from_db()
    assert lead.custom == {"district": "North"}


def test_two_changes_of_different_fields_keep_both(alice: User) -> None:
    from leads.services import update_lead

    make_field("leads.lead", "district")
    make_field("leads.lead", "seats", K.INTEGER)
    lead = make_lead(alice)
    update_lead(lead=lead, version=None, actor=alice, custom={"district": "North"})
    update_lead(lead=lead, version=None, actor=alice, custom={"seats": 2})
    lead.refresh_from_db()
    assert lead.custom == {"district": "North", "seats": 2}
