"""Quotes, approvals and rules by token: the same rules as on the page."""

import io
from decimal import Decimal

import pytest
from pypdf import PdfReader

from opportunities.models import ApprovalRule, Opportunity, Quote
from tests.builders import make_product, make_token
from tests.opportunities.quote_builders import make_deal, make_quote, make_sent_quote, open_request, submit, the_book


class Caller:
    """One person's token on the test client."""

    def __init__(self, client, user):
        self.client, self.head = client, {"HTTP_AUTHORIZATION": f"Bearer {make_token(user)}"}

    def get(self, path):
        return self.client.get(f"/api/v1{path}", **self.head)

    def _send(self, verb, path, body, tag, **more):
        head = dict(self.head, **more) | ({"HTTP_IF_MATCH": f'"{tag}"'} if tag is not None else {})
        return getattr(self.client, verb)(f"/api/v1{path}", body or {}, content_type="application/json", **head)

    def post(self, path, body=None, tag=None, **more):
        return self._send("post", path, body, tag, **more)

    def patch(self, path, body, tag=None):
        return self._send("patch", path, body, tag)


@pytest.fixture
def call(client):
    return lambda user: Caller(client, user)


def test_a_quote_goes_from_draft_to_accepted_by_token(alice, call):
    api, deal = call(alice), make_deal(alice)
    product = make_product("Seat", price="19.99", cost=8, book=the_book())
    body = {
        "opportunity": deal.pk,
        "lines": [{"product": product.pk, "quantity": "3", "tax_percent": "8.25"}],
        "shipping": {"amount": "5.00", "currency": "USD"},
    }
    made = api.post("/quotes", body)
    assert made.status_code == 201, made.content
    quote = made.json()
    assert quote["total"] == {"amount": "69.92", "currency": "USD"}
    assert quote["lines"][0]["tax"] == "4.950"
    assert quote["margin_percent"] == "59.9"
    address, tag = f"/quotes/{quote['id']}", made["ETag"].strip('"')
    for verb, more in (("submit", {}), ("send", {}), ("accept", {"accepted_by_name": "Ann Lee"})):
        done = api.post(f"{address}/{verb}", more, tag)
        assert done.status_code == 200, done.content
        tag = done["ETag"].strip('"')
    assert done.json()["status"] == "accepted"
    assert Opportunity.objects.get().status == "won"
    assert api.post(f"{address}/reject", {}, tag).status_code == 409


def test_every_change_of_a_quote_needs_the_tag_that_was_read(alice, call):
    quote, api = make_quote(alice), call(alice)
    address = f"/quotes/{quote.pk}"
    assert api.patch(address, {"terms": "x"}).status_code == 428
    for verb in ("submit", "recall", "send", "reject", "revise"):
        assert api.post(f"{address}/{verb}").status_code == 428, verb
    assert api.post(f"{address}/submit", {}, tag=99).status_code == 412
    assert Quote.objects.get().status == "draft"


def test_bad_input_names_its_field_and_writes_nothing(alice, call):
    api, deal = call(alice), make_deal(alice)
    product = make_product(price=5, cost=1, book=the_book())
    line = {"product": product.pk, "quantity": "1"}
    bad = [
        ({"lines": [{**line, "quantity": "-1"}]}, "lines.0.quantity"),
        ({"lines": [{**line, "product": 999_999}]}, "lines.0.product"),
        ({"lines": [{**line, "unit_cost": "0"}]}, "lines.0.unit_cost"),
        ({"valid_until": "2001-01-01"}, "valid_until"),
        ({"discount": {"amount": "1", "currency": "XXZ"}}, "discount"),
        ({"bogus": 1}, "bogus"),
    ]
    for change, pointer in bad:
        answer = api.post("/quotes", {"opportunity": deal.pk, "lines": [line], **change})
        assert answer.status_code == 422, (change, answer.content)
        assert answer.json()["errors"][0]["pointer"] == pointer
    euros = {"opportunity": deal.pk, "lines": [line], "discount": {"amount": "1", "currency": "EUR"}}
    assert api.post("/quotes", euros).json()["code"] == "mixed_currencies"
    assert not Quote.objects.exists()


def test_another_teams_quote_does_not_exist(alice, charlie, call):
    quote, api = make_sent_quote(alice), call(charlie)
    assert api.get(f"/quotes/{quote.pk}").status_code == 404
    assert api.get(f"/quotes/{quote.pk}/pdf").status_code == 404
    assert api.post(f"/quotes/{quote.pk}/accept", {"accepted_by_name": "X"}, quote.version).status_code == 404
    assert api.get("/quotes").json()["results"] == []
    mine = api.post("/quotes", {"opportunity": quote.opportunity_id})
    assert mine.json()["errors"][0]["pointer"] == "opportunity"


def test_whose_role_has_no_quotes_is_refused(alice, sam, call):
    deal = make_deal(sam) if sam.has_perm("opportunities.add_opportunity") else None
    quote = make_quote(alice)
    assert deal is None
    assert call(sam).post(f"/quotes/{quote.pk}/submit", {}, quote.version).status_code in (403, 404)
    assert Quote.objects.get().status == "draft"


def test_the_same_key_makes_one_quote(alice, call):
    api, deal = call(alice), make_deal(alice)
    the_book()
    first = api.post("/quotes", {"opportunity": deal.pk}, HTTP_IDEMPOTENCY_KEY="k1")
    again = api.post("/quotes", {"opportunity": deal.pk}, HTTP_IDEMPOTENCY_KEY="k1")
    assert (first.json()["id"], again["Idempotent-Replayed"]) == (again.json()["id"], "true")
    assert Quote.objects.count() == 1


def test_approvals_are_decided_by_whose_turn_it_is(alice, bob, charlie, call):
    quote = submit(make_quote(alice, 100_000, 22), alice)
    request = open_request(quote)
    address = f"/approvals/{request.pk}"
    waiting = call(bob).get("/approvals?mine=true").json()["results"]
    assert [row["quote"] for row in waiting] == [quote.pk]
    assert call(charlie).get(address).status_code == 404
    assert call(alice).post(f"{address}/approve", {}, request.version).status_code == 403
    assert call(bob).post(f"{address}/approve", {}).status_code == 428
    assert call(bob).post(f"{address}/reject", {}, request.version).json()["errors"][0]["pointer"] == "note"
    done = call(bob).post(f"{address}/approve", {"note": "ok"}, request.version)
    assert (done.status_code, done.json()["status"]) == (200, "approved")
    assert done.json()["steps"][0]["decided_by"] == bob.pk


def test_rules_are_read_by_all_and_changed_by_who_may(alice, olga, call):
    make_quote(alice)
    rows = call(alice).get("/approval-rules").json()["results"]
    assert [row["approvers"] for row in rows] == [["Deal desk", "Finance", "Executive"], ["manager"]]
    address = f"/approval-rules/{rows[1]['id']}"
    assert call(alice).patch(address, {"margin_below": "10"}, 1).status_code == 403
    assert call(olga).patch(address, {"margin_below": "10"}, 1).json()["margin_below"] == "10.000000"
    new = {"name": "Very large", "approvers": ["Executive"], "min_amount": {"amount": "1000000", "currency": "USD"}}
    assert call(olga).post("/approval-rules", new).status_code == 201
    assert ApprovalRule.objects.count() == 3
    assert call(olga).post("/approval-rules", {"name": "x", "approvers": ["Boss"]}).status_code == 422


def test_an_unknown_filter_is_refused_and_a_list_costs_the_same_with_more_rows(
    alice, call, django_assert_max_num_queries
):
    api = call(alice)
    assert api.get("/quotes?colour=red").status_code == 400
    make_quote(alice)
    api.get("/quotes")
    with django_assert_max_num_queries(12):
        api.get("/quotes")
    for _ in range(4):
        make_quote(alice)
    with django_assert_max_num_queries(12):
        assert len(api.get("/quotes").json()["results"]) == 5


def text_of(answer):
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages)


def test_html_and_markup_in_names_stay_text_in_the_document(alice, call):
    name = '<b>Bold</b> #strong[x] $y$ @ref \\ "quoted"'
    deal = make_deal(alice, name=name, company="Ümläut & Söhne <script>")
    product = make_product(name, price="12.5", cost=1, book=the_book())
    quote = make_quote(alice, deal=deal)
    from opportunities import services

    line = {"product": product, "quantity": Decimal("1.5")}
    quote = services.update_quote(
        quote=quote, version=quote.version, actor=alice, lines=[line], terms="#pagebreak()\n= Not a heading"
    )
    text = text_of(call(alice).get(f"/quotes/{quote.pk}/pdf")).replace("\n", " ")
    for expected in (name, "Ümläut & Söhne <script>", "#pagebreak()", "= Not a heading", "$18.75", quote.number):
        assert expected in text, expected
