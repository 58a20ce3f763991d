"""The API's one set of rules: problems, tags, filters, the rate limit."""

import pytest
from django.urls import reverse

from revops.catalog.models import Product
from revops.core.api.problems import exception_handler
from revops.core.errors import (
    BadRequest,
    DomainError,
    DuplicateSuspected,
    IllegalState,
    InvalidInput,
    MissingFields,
    NotAllowed,
    PreconditionRequired,
    StaleCopy,
)
from tests.builders import make_price_book, make_product, make_token

MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id"}


class Versioned:
    version = 3


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("unknown_filter", "No."), 400, "unknown_filter"),
        (NotAllowed("No."), 403, "not_allowed"),
        (IllegalState("illegal_state", "No."), 409, "illegal_state"),
        (DuplicateSuspected("Maybe.", [{"id": 1}]), 409, "duplicate_suspected"),
        (StaleCopy(Versioned(), 2), 412, "stale_copy"),
        (InvalidInput.of(name="Too long."), 422, "invalid"),
        (MissingFields("Needed.", ["close_on"]), 422, "missing_fields"),
        (DomainError("approval_limit", "No."), 422, "approval_limit"),
        (PreconditionRequired("if_match_required", "No."), 428, "if_match_required"),
    ],
)
def test_every_refusal_of_a_service_is_a_problem(error, status, code):
    response = exception_handler(error, {})
    assert (response.status_code, response.data["code"], response.data["status"]) == (status, code, status)
    assert set(response.data) >= MEMBERS
    assert response.content_type == "application/problem+json"


def test_an_unknown_error_stays_an_error():
    assert exception_handler(RuntimeError("bug"), {}) is None


def test_a_stale_copy_tells_the_current_version():
    assert exception_handler(StaleCopy(Versioned(), 2), {}).data["current_version"] == 3


@pytest.fixture
def api(client, olga):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(olga)}"
    return client


def post(client, url, body, **headers):
    return client.post(url, body, content_type="application/json", headers=headers)


def patch(client, url, body, **headers):
    return client.patch(url, body, content_type="application/json", headers=headers)


def test_nobody_is_401_as_a_problem(client, db):
    response = client.get("/api/v1/products")
    assert response.status_code == 401 and set(response.json()) >= MEMBERS
    assert response["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("query", ["nonsense=1", "kind=spaceship", "sort=weight", "limit=201", "limit=0", "cursor=x",
                                   "fields=secret", "expand=owner", "count=all"])  # fmt: skip
def test_what_a_list_does_not_know_is_400_and_never_ignored(api, query):
    response = api.get(f"/api/v1/products?{query}")
    assert response.status_code == 400 and set(response.json()) >= MEMBERS


def test_fields_expand_count_and_cursor(api):
    for number in range(3):
        make_product(f"Product {number}")
    page = api.get("/api/v1/products?limit=2&fields=name&count=exact&sort=-name").json()
    assert [sorted(row) for row in page["results"]] == [["id", "name"]] * 2
    assert (page["count"], page["results"][0]["name"]) == (3, "Product 2")
    rest = api.get(f"/api/v1/products?limit=2&sort=-name&cursor={page['next']}").json()
    assert [row["name"] for row in rest["results"]] == ["Product 0"] and rest["next"] is None
    assert api.get("/api/v1/products?expand=family").json()["results"][0]["family"] is None


def test_a_list_costs_the_same_queries_with_more_rows(api, django_assert_max_num_queries):
    for number in range(30):
        make_product(f"Product {number}")
    for path in ("/api/v1/products?expand=family", "/api/v1/users", "/api/v1/teams", "/api/v1/price-books"):
        with django_assert_max_num_queries(6):
            assert api.get(path).status_code == 200


def test_a_product_is_made_changed_and_protected_by_its_tag(api):
    made = post(api, "/api/v1/products", {"sku": "A-1", "name": "Widget"})
    assert made.status_code == 201
    url, tag = made["Location"], made["ETag"]
    changed = patch(api, url, {"name": "Gadget"}, if_match=tag)
    assert (changed.status_code, changed.json()["name"]) == (200, "Gadget") and changed["ETag"] != tag
    stale = patch(api, url, {"name": "Doodad"}, if_match=tag)
    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)
    assert patch(api, url, {"name": "Doodad"}, if_match="yesterday").status_code == 400
    assert Product.objects.get().name == "Gadget"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Widget"}, "sku"),
        ({"sku": "A-1", "name": "Widget", "lifecycle": "retired"}, "lifecycle"),
        ({"sku": "A-1", "name": "x" * 161}, "name"),
        ({"sku": "A-1", "name": "Widget", "kind": "subscription"}, "recurring_months"),
        ({"sku": "A\x00", "name": "Widget"}, "sku"),
        ({"sku": "A-1", "name": "Widget", "family": 99}, "family"),
    ],
)
def test_a_body_that_is_refused_names_its_field(api, body, pointer):
    response = post(api, "/api/v1/products", body)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not Product.objects.exists()


@pytest.mark.parametrize("body", ["[]", "17", "null", '"text"', "{nonsense"])
def test_a_body_that_is_no_object_is_refused(api, body):
    response = post(api, "/api/v1/products", body)
    assert response.status_code in (400, 422) and set(response.json()) >= MEMBERS


def test_verbs_follow_the_life_cycle(api):
    product = make_product("Widget", lifecycle=Product.Lifecycle.PLANNED)
    url = f"/api/v1/products/{product.pk}"
    assert post(api, f"{url}/launch", {}).json()["lifecycle"] == "active"
    assert post(api, f"{url}/launch", {}).status_code == 409
    assert post(api, f"{url}/retire", {}).json()["lifecycle"] == "retired"


def test_what_is_not_there_is_404_as_a_problem(api):
    for path in (
        "/api/v1/products/999999",
        "/api/v1/users/999999",
        "/api/v1/jobs/00000000-0000-0000-0000-000000000000",
    ):
        response = api.get(path)
        assert response.status_code == 404 and response.json()["code"] == "not_found"


def test_a_rep_reads_the_catalogue_and_may_not_write_it(client, alice):
    raw = {"authorization": f"Bearer {make_token(alice)}"}
    product = make_product("Widget")
    assert client.get("/api/v1/products", headers=raw).status_code == 200
    assert post(client, "/api/v1/products", {"sku": "A-1", "name": "W"}, **raw).status_code == 403
    assert patch(client, f"/api/v1/products/{product.pk}", {"name": "W"}, **raw).status_code == 403
    assert list(Product.objects.values_list("name", flat=True)) == ["Widget"]


def test_the_prices_of_a_book(api):
    book = make_price_book("Euro", currency="EUR")
    make_product("Widget", price="19.90", floor="15", book=book)
    assert api.get("/api/v1/price-books").json()["results"][0]["currency"] == "EUR"
    row = api.get(f"/api/v1/price-books/{book.pk}/prices").json()["results"][0]
    assert row["list_price"] == {"amount": "19.90", "currency": "EUR"}
    assert row["floor_price"] == {"amount": "15.00", "currency": "EUR"}


def test_teams_as_they_stand_today(api, cast):
    teams = {team["name"]: team for team in api.get("/api/v1/teams").json()["results"]}
    assert teams["West"]["parent"] == cast.sales.pk and teams["Sales"]["parent"] is None
    assert teams["West"]["managers"] == [cast.bob.pk]
    assert teams["West"]["members"] == sorted([cast.alice.pk, cast.sam.pk])


# The rate limit ----------------------------------------------------------------------------


def test_every_answer_says_what_is_left(api):
    first = api.get("/api/v1/products")
    assert first["RateLimit-Limit"] == "600"
    second = api.get("/api/v1/products")
    assert int(second["RateLimit-Remaining"]) < int(first["RateLimit-Remaining"]) + 1 <= 600
    assert int(second["RateLimit-Reset"]) >= 0


def test_an_empty_bucket_is_429_with_the_time_to_wait(api, settings, alice, client):
    settings.API_RATE_PER_MINUTE = 3
    assert [api.get("/api/v1/teams").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = api.get("/api/v1/teams")
    assert set(refused.json()) >= MEMBERS
    assert 1 <= int(refused["Retry-After"]) <= 21
    assert refused["RateLimit-Remaining"] == "0"
    other = {"authorization": f"Bearer {make_token(alice)}"}
    assert client.get("/api/v1/teams", headers=other).status_code == 200, "each token has a bucket of its own"


def test_a_write_costs_more_than_a_read(api, settings):
    settings.API_RATE_PER_MINUTE = 3
    assert post(api, "/api/v1/products", {"sku": "A-1", "name": "W"}).status_code == 201
    assert post(api, "/api/v1/products", {"sku": "A-2", "name": "W"}).status_code == 429
    assert Product.objects.count() == 1


def test_the_schema_is_made_and_names_our_resources(client, db):
    text = client.get(reverse("schema")).content.decode()
    assert all(f"/api/v1/{name}" in text for name in ("products", "price-books", "users", "teams", "jobs"))
