"""Families, price books and prices over the API; regions and reasons beside them."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Territory
from opportunities.models import LossReason
from revops.catalog.models import PriceBook, PriceBookEntry, ProductFamily
from tests.builders import make_price_book, make_product
from tests.cast import Cast


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def patch(client: Client, path: str, body: Any, **head: str) -> Any:
    return client.patch(f"/api/v1/{path}", body, content_type="application/json", headers=head)


def test_a_book_is_made_and_a_price_set_and_set_again(client: Client, cast: Cast) -> None:
    client.force_login(cast.olga)
    made = post(client, "price-books", {"name": "Euro", "currency": "EUR", "valid_from": "2026-01-01"})
    assert made.status_code == 201 and made.json()["valid_to"] is None
    product = make_product("Widget")
    prices = f"price-books/{made.json()['id']}/prices"
    price = {"amount": "19.90", "currency": "EUR"}
    first = post(client, prices, {"product": product.pk, "list_price": price})
    assert first.status_code == 201 and first.json()["list_price"] == price
    assert client.get(first["Location"]).json() == first.json()
    dearer = {"product": product.pk, "list_price": {"amount": "21.00", "currency": "EUR"}}
    assert post(client, prices, dearer).json()["id"] == first.json()["id"]
    assert str(PriceBookEntry.objects.get().list_price) == "21.000000"
    other = post(client, prices, {"product": product.pk, "list_price": {"amount": "1", "currency": "USD"}})
    floor = post(client, prices, {**dearer, "floor_price": {"amount": "22", "currency": "EUR"}})
    assert [row.json()["errors"][0]["pointer"] for row in (other, floor)] == ["list_price", "floor_price"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "A", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "last"),
        ({"name": "A", "currency": "XXQ"}, "currency"),
        ({"name": "Known"}, "name"),
    ],
)
def test_a_book_that_cannot_be_is_refused(client: Client, cast: Cast, body: dict[str, Any], pointer: str) -> None:
    make_price_book("Known")
    client.force_login(cast.olga)
    refused = post(client, "price-books", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert PriceBook.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "model", "body", "change"),
    [
        ("product-families", ProductFamily, {"name": "Licences"}, {"name": "Seats"}),
        ("territories", Territory, {"name": "North"}, {"name": "North-East"}),
        ("loss-reasons", LossReason, {"label": "Price"}, {"label": "Too dear"}),
    ],
)
def test_a_named_setting_is_made_renamed_and_stands_once(
    client: Client, cast: Cast, path: str, model: Any, body: dict[str, Any], change: dict[str, Any]
) -> None:
    client.force_login(cast.olga)
    made = post(client, path, body)
    assert made.status_code == 201, made.content
    assert post(client, path, body).status_code == 422
    home = f"{path}/{made.json()['id']}"
    changed = patch(client, home, change, if_match=made["ETag"])
    assert changed.json() == {**made.json(), **change, "version": 2}
    assert patch(client, home, change, if_match=made["ETag"]).status_code == 412
    second = post(client, path, body)
    assert second.status_code == 201
    assert patch(client, f"{path}/{second.json()['id']}", change).status_code == 422
    client.force_login(cast.alice)
    assert post(client, path, {"name": "Mine"} if "name" in body else {"label": "Mine"}).status_code == 403
    assert patch(client, home, body).status_code == 403
    assert model.objects.get(pk=made.json()["id"]).version == 2
