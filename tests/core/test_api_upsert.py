"""PUT /{resource}/by-external-id/{system}/{id}: what another system knows is made once and changed after that."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Account
from leads.models import Lead
from leads.setup import ensure_leads
from opportunities.models import Opportunity
from opportunities.setup import ensure_pipeline
from orders.models import Order
from revops.core.api.resources import resources
from revops.core.models import ExternalRef
from revops.users.models import Team, User
from tests.accounts.builders import make_account
from tests.builders import make_product
from tests.cast import Cast, make_cast
from tests.core.threads import together
from tests.opportunities.quote_builders import the_book


def put(client: Client, resource: str, body: Any, key: str = "7", **head: str) -> Any:
    path = f"/api/v1/{resource}/by-external-id/erp/{key}"
    return client.put(path, body, content_type="application/json", headers=head)


def bodies(owner: User) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """By resource: who may, a whole body, and what changes later."""
    ensure_leads()
    ensure_pipeline()
    account = make_account(owner)
    product = make_product(price=100, cost=50, book=the_book())
    line = {"product": product.pk, "quantity": "2"}
    return {
        "accounts": ("alice", {"name": "Brandt Logistics"}, {"city": "Bremen"}),
        "contacts": ("alice", {"account": account.pk, "last_name": "Brandt"}, {"title": "CFO"}),
        "leads": ("alice", {"last_name": "Brandt", "company": "Brandt"}, {"title": "CFO"}),
        "opportunities": (
            "alice",
            {"name": "Pilot", "account": account.pk, "amount": {"amount": "900.00", "currency": "USD"}},
            {"source": "Trade fair"},
        ),
        "orders": ("alice", {"account": account.pk, "lines": [line], "channel": "online"}, {"terms": "14 days"}),
        "products": ("olga", {"sku": "CRM-100", "name": "CRM"}, {"description": "Per seat"}),
    }


RESOURCES = ("accounts", "contacts", "leads", "opportunities", "orders", "products")


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_first_makes_it_the_next_change_it_and_the_same_changes_nothing(
    client: Client, cast: Cast, resource: str
) -> None:
    person, body, later = bodies(cast.alice)[resource]
    client.force_login(getattr(cast, person))
    first = put(client, resource, body)
    assert first.status_code == 201, first.content
    assert client.get(first["Location"]).json()["id"] == first.json()["id"]
    (name, value) = next(iter(later.items()))
    changed = put(client, resource, {**body, **later})
    assert (changed.status_code, changed.json()["id"], changed.json()[name]) == (200, first.json()["id"], value)
    again = put(client, resource, {name: value})
    assert (again.status_code, again["ETag"]) == (200, changed["ETag"])
    stale = put(client, resource, {**later}, if_match='"99"')
    assert stale.status_code == 412
    assert put(client, resource, body, key="8", if_match='"1"').status_code == 412
    assert put(client, resource, {}, key="8").status_code == 422
    assert put(client, resource, {**body, "no_such": 1}).status_code == 422


@pytest.mark.parametrize("resource", RESOURCES[:5])
def test_somebody_elses_record_is_404_and_stays_as_it_is(client: Client, cast: Cast, resource: str) -> None:
    _person, body, later = bodies(cast.alice)[resource]
    client.force_login(cast.alice)
    first = put(client, resource, body)
    own = bodies(cast.charlie)[resource][1]
    client.force_login(cast.charlie)
    refused = put(client, resource, {**own, **later})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    client.force_login(cast.alice)
    assert client.get(first["Location"])["ETag"] == first["ETag"]


def test_what_an_upsert_cannot_move_is_refused(client: Client, cast: Cast) -> None:
    said = bodies(cast.alice)
    client.force_login(cast.alice)
    put(client, "opportunities", said["opportunities"][1])
    assert put(client, "opportunities", {"stage": "negotiation"}).status_code == 422
    put(client, "orders", said["orders"][1])
    refused = put(client, "orders", {"account": make_account(cast.alice).pk})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "account")
    put(client, "leads", said["leads"][1])
    assert put(client, "leads", {"external_id": "8"}).status_code == 422
    client.force_login(cast.bob)
    given = put(client, "leads", {"owner": cast.sam.pk})
    assert (given.status_code, Lead.objects.get().owner) == (200, cast.sam)


def test_an_id_of_an_archived_record_is_free_again_and_the_archived_one_cannot_come_back(
    client: Client, cast: Cast
) -> None:
    said = bodies(cast.alice)
    client.force_login(cast.alice)
    for resource in RESOURCES[:4]:
        first = put(client, resource, said[resource][1])
        assert client.post(f"{first['Location']}/archive").status_code == 200, resource
        body = {**said[resource][1], **({"name": "Other Works"} if resource == "accounts" else {})}
        second = put(client, resource, body)
        assert second.status_code == 201 and second.json()["id"] != first.json()["id"], resource
        refused: Any = client.post(f"{first['Location']}/restore")
        assert (refused.status_code, refused.json()["code"]) == (409, "id_taken"), resource


def test_every_resource_whose_records_have_an_id_elsewhere_has_the_door() -> None:
    # People and teams are kept by administrators: in the console, or by an import.
    without = {User, Team}
    missing = [
        key
        for key, resource in resources().items()
        if hasattr(resource.view, "out")
        and issubclass(resource.view.out.Meta.model, ExternalRef)
        and resource.view.out.Meta.model not in without
        and not any(operation.action == "by_external_id" for operation in resource.operations)
    ]
    assert not missing


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("resource", ["accounts", "leads", "opportunities", "orders"])
def test_two_at_once_make_one_row(resource: str) -> None:
    cast = make_cast()
    _person, body, _later = bodies(cast.alice)[resource]
    model: Any = {"accounts": Account, "leads": Lead, "opportunities": Opportunity, "orders": Order}[resource]

    def ask() -> Callable[[], Any]:
        client = Client()
        client.force_login(cast.alice)
        return lambda: put(client, resource, body).status_code

    assert sorted(together(ask(), ask(), ask())) == [200, 200, 201]
    assert model.objects.filter(external_system="erp", external_id="7").count() == 1
    connection.close()
