"""Products, prices and costs."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from revops.catalog import selectors, services
from revops.catalog.models import PriceBook, PriceBookEntry, Product
from revops.core.errors import DomainError, IllegalState, InvalidInput, NotAllowed, StaleCopy
from tests.builders import make_price_book, make_product

D = Decimal


def test_a_price_comes_from_its_book_and_a_missing_one_is_an_error(price_book):
    product = make_product("Widget", price="19.90", floor="15", book=price_book)
    entry = selectors.price_of(product, price_book)
    assert (entry.list_price, entry.floor_price) == (D("19.90"), D(15))
    with pytest.raises(DomainError) as refusal:
        selectors.price_of(make_product("Unpriced"), price_book)
    assert refusal.value.code == "no_price"


@pytest.mark.django_db
def test_the_default_book_is_that_of_the_currency_and_day():
    old = make_price_book("2026", is_default=True, first=date(2026, 1, 1), last=date(2026, 12, 31))
    new = make_price_book("2027", is_default=True, first=date(2027, 1, 1))
    euro = make_price_book("Euro", currency="EUR", is_default=True)
    assert selectors.default_book("USD", date(2026, 12, 31)) == old
    assert selectors.default_book("USD", date(2027, 1, 1)) == new
    assert selectors.default_book("EUR", date(2027, 1, 1)) == euro
    assert (old.first, old.last, new.last) == (date(2026, 1, 1), date(2026, 12, 31), None)
    with pytest.raises(DomainError, match="no price book in USD"):
        selectors.default_book("USD", date(2025, 12, 31))


def test_there_is_one_default_book_per_currency_and_day_and_the_database_says_so_too(price_book):
    with pytest.raises(IllegalState):
        make_price_book("Second", is_default=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceBook.objects.create(name="Second", is_default=True, during=price_book.during)


@pytest.mark.django_db
def test_a_cost_holds_from_its_day_until_the_next():
    product = make_product("Widget")
    for on, cost in ((date(2026, 1, 1), "5"), (date(2026, 6, 1), "6")):
        services.set_cost(product=product, unit_cost=D(cost), valid_from=on, actor=None)
    assert selectors.cost_of(product, "USD", date(2026, 5, 31)) == 5
    assert selectors.cost_of(product, "USD", date(2026, 6, 1)) == 6
    for currency, on in (("USD", date(2025, 12, 31)), ("EUR", date(2026, 6, 1))):
        with pytest.raises(DomainError) as refusal:
            selectors.cost_of(product, currency, on)
        assert refusal.value.code == "no_cost"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("sku", {"sku": ""}),
        ("sku", {"sku": "SKU-TAKEN"}),
        ("name", {"name": " "}),
        ("recurring_months", {"kind": "subscription"}),
        ("kind", {"kind": "spaceship"}),
        ("end_of_sale_on", {"valid_from": date(2026, 2, 1), "end_of_sale_on": date(2026, 1, 1)}),
    ],
)
def test_a_wrong_product_is_refused_at_its_field(olga, field, values):
    make_product("Taken", sku="SKU-TAKEN")
    with pytest.raises(InvalidInput) as refusal:
        services.create_product(**{"actor": olga, "sku": "A-1", "name": "Widget", **values})
    assert refusal.value.errors[0].pointer == field
    assert Product.objects.count() == 1


def test_prices_are_not_negative_and_the_floor_is_below_the_list(price_book, olga):
    product = make_product("Widget")
    for list_price, floor in ((D(-1), None), (D(10), D(11))):
        with pytest.raises(InvalidInput):
            services.set_price(book=price_book, product=product, list_price=list_price, floor_price=floor, actor=olga)
    assert not PriceBookEntry.objects.exists()


def test_a_rep_may_not_write_the_catalogue(price_book, alice):
    product = make_product("Widget", price=10, book=price_book)
    for act in (
        lambda: services.create_product(actor=alice, sku="A-1", name="Mine"),
        lambda: services.update_product(actor=alice, product=product, name="Mine"),
        lambda: services.set_price(actor=alice, book=price_book, product=product, list_price=D(1)),
        lambda: services.set_cost(actor=alice, product=product, unit_cost=D(1), valid_from=date(2026, 1, 1)),
        lambda: services.retire_product(actor=alice, product=product),
        lambda: services.create_price_book(actor=alice, name="Mine"),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert selectors.price_of(product, price_book).list_price == 10


def test_a_stale_copy_of_a_product_is_refused(olga):
    product = make_product("Widget")
    services.update_product(product=product, version=1, actor=olga, name="Gadget")
    with pytest.raises(StaleCopy):
        services.update_product(product=product, version=1, actor=olga, name="Doodad")


def test_a_bundle_holds_products_and_no_bundles(olga):
    part, bundle = make_product("Part"), make_product("Bundle")
    services.set_bundle(bundle=bundle, items=[(part, D(2))], actor=olga)
    bundle.refresh_from_db()
    assert bundle.is_bundle and bundle.bundle_items.get().quantity == 2
    for wrong in ([(bundle, D(1))], [(make_product("X"), D(0))]):
        with pytest.raises(InvalidInput):
            services.set_bundle(bundle=bundle, items=wrong, actor=olga)
    with pytest.raises(InvalidInput):
        services.set_bundle(bundle=part, items=[(make_product("Y"), D(1))], actor=olga)


def test_only_what_is_launched_and_not_past_its_end_is_sellable(db):
    make_product("Planned", lifecycle="planned")
    make_product("Ended", end_of_sale_on=date(2026, 1, 1))
    make_product("Later", valid_from=date(2026, 3, 1))
    make_product("Now")
    assert [product.name for product in Product.objects.sellable(date(2026, 2, 1))] == ["Now"]


def test_the_pages_show_products_and_prices(client, alice, price_book):
    product = make_product("Widget", price="19.90", cost="12.34", book=price_book)
    client.force_login(alice)
    for address in (reverse("product-list"), reverse("price-book-list"), price_book.get_absolute_url()):
        assert client.get(address).status_code == 200
    page = client.get(product.get_absolute_url()).content.decode()
    assert "Widget" in page and "$19.90" in page
    assert "12.34" not in page, "a rep sees no costs"
    assert client.get(reverse("product-list") + "?nonsense=1").status_code == 400
    assert client.get("/products/999999/").status_code == 404


def test_the_revops_admin_sees_costs_and_edits(client, olga, price_book):
    product = make_product("Widget", price="19.90", cost="12.34", book=price_book)
    client.force_login(olga)
    page = client.get(product.get_absolute_url()).content.decode()
    assert "12.34" in page and f"/admin/catalog/product/{product.pk}/change/" in page


def test_nobody_sees_no_page(client, price_book):
    assert client.get(reverse("product-list")).status_code == 302
    assert client.get(price_book.get_absolute_url()).status_code == 302
