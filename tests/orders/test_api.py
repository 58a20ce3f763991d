"""Orders and billing by token: the same rules as on the page."""

import pytest

from orders.models import CreditNote, Fulfillment, Invoice, Order, Payment
from tests.builders import make_product
from tests.opportunities.test_quotes_api import Caller
from tests.orders.builders import line, make_account, make_invoice


@pytest.fixture
def call(client):
    return lambda user: Caller(client, user)


def test_an_order_goes_from_draft_to_paid_by_token(alice, erin, olga, call):
    account, product = make_account(alice), make_product(cost=5)
    asked = {"product": product.pk, "quantity": "2", "unit_price": "66000", "tax_percent": "8.25"}
    rep, money, operations = call(alice), call(erin), call(olga)
    made = rep.post("/orders", {"account": account.pk, "channel": "online", "lines": [asked]})
    assert made.status_code == 201, made.content
    order = made.json()
    assert order["total"] == {"amount": "142890.00", "currency": "USD"}
    assert [row["user"] for row in order["splits"]] == [alice.pk]
    address = f"/orders/{order['id']}"
    assert rep.post(f"{address}/book").status_code == 428
    booked = rep.post(f"{address}/book", {}, made["ETag"].strip('"'))
    assert booked.json()["status"] == "booked"
    tag = booked["ETag"].strip('"')
    part = {"lines": [{"line": order["lines"][0]["id"], "quantity": "3"}]}
    refused = operations.post(f"{address}/fulfillments", part, tag)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "lines.0.quantity")
    part["lines"][0]["quantity"] = "2"
    done = operations.post(f"{address}/fulfillments", part, tag)
    assert (done.status_code, done.json()["status"]) == (201, "fulfilled"), done.content
    assert len(rep.get(f"{address}/fulfillments").json()["results"]) == 1
    draft = money.post("/invoices", {"order": order["id"]})
    assert (draft.status_code, draft.json()["number"]) == (201, None), draft.content
    issued = money.post(f"/invoices/{draft.json()['id']}/issue", {}, draft["ETag"].strip('"'))
    assert issued.json()["number"].endswith("-00001")
    body = {"account": account.pk, "amount": {"amount": "100000.00", "currency": "USD"}, "reference": "SEPA 1"}
    paid = money.post("/payments", body)
    assert paid.status_code == 201, paid.content
    assert money.post("/payments", body).json()["id"] == paid.json()["id"]
    settled = money.post(
        f"/payments/{paid.json()['id']}/allocate", {"invoice": draft.json()["id"]}, paid["ETag"].strip('"')
    )
    assert settled.json()["status"] == "allocated"
    invoice = rep.get(f"/invoices/{draft.json()['id']}").json()
    assert (invoice["status"], invoice["open"]["amount"]) == ("partially_paid", "42890.00")
    steps = {row["key"]: row["at"] for row in rep.get(f"{address}/trace").json()["steps"]}
    assert list(steps) == [
        "quoted_at", "approved_at", "accepted_at", "booked_at", "fulfilled_at", "invoiced_at", "paid_at",
    ]  # fmt: skip
    assert steps["fulfilled_at"]
    assert not steps["paid_at"]


def test_every_money_verb_needs_the_tag_that_was_read(alice, erin, call):
    invoice = make_invoice(alice, erin)
    order, money = invoice.order, call(erin)
    payment = money.post(
        "/payments",
        {"account": order.account_id, "amount": {"amount": "5", "currency": "USD"}, "reference": "R"},
    ).json()["id"]
    for path in (
        f"/orders/{order.pk}/book", f"/orders/{order.pk}/cancel", f"/orders/{order.pk}/close",
        f"/orders/{order.pk}/fulfillments", f"/invoices/{invoice.pk}/issue", f"/invoices/{invoice.pk}/credit-notes",
        f"/payments/{payment}/allocate", f"/payments/{payment}/reverse",
    ):  # fmt: skip
        assert money.post(path).status_code == 428, path
        assert money.post(path, {"reason": "x"}, tag=77).status_code in (412, 422), path
    assert call(alice).patch(f"/orders/{order.pk}", {"terms": "x"}).status_code == 428
    assert Order.objects.get().status == "booked"


def test_credit_notes_by_line_and_in_full(alice, erin, call):
    invoice = make_invoice(alice, erin, [line(price=100), line(price=50)])
    money, first = call(erin), invoice.lines.first()
    body = {"reason": "Damaged", "lines": [{"line": first.pk, "amount": "100.01"}]}
    assert money.post(f"/invoices/{invoice.pk}/credit-notes", body, invoice.version).status_code == 422
    body["lines"][0]["amount"] = "40.00"
    done = money.post(f"/invoices/{invoice.pk}/credit-notes", body, invoice.version)
    assert (done.status_code, done.json()["amount"]["amount"]) == (201, "40.00"), done.content
    tag = Invoice.objects.get().version
    money.post(f"/invoices/{invoice.pk}/credit-notes", {"reason": "All"}, tag)
    assert Invoice.objects.get().status == "void"
    assert CreditNote.objects.count() == 2
    assert len(money.get(f"/credit-notes?invoice={invoice.pk}").json()["results"]) == 2


def test_another_teams_orders_and_bills_do_not_exist(alice, charlie, erin, call):
    invoice = make_invoice(alice, erin)
    order, api = invoice.order, call(charlie)
    for path in (f"/orders/{order.pk}", f"/invoices/{invoice.pk}", f"/orders/{order.pk}/trace"):
        assert api.get(path).status_code == 404
    assert api.get(f"/orders/{order.pk}/fulfillments").status_code == 404
    assert api.post(f"/orders/{order.pk}/cancel", {}, order.version).status_code == 404
    assert api.post(f"/orders/{order.pk}/fulfillments", {"lines": []}, order.version).status_code == 404
    for path in ("/orders", "/invoices", "/payments", "/credit-notes"):
        assert api.get(path).json()["results"] == []
    body = {"account": order.account_id, "lines": []}
    assert api.post("/orders", body).json()["errors"][0]["pointer"] == "account"


def test_whose_role_does_not_bill_is_refused_and_nothing_happens(alice, erin, call):
    invoice = make_invoice(alice, erin)
    api = call(alice)
    body = {"account": invoice.account_id, "amount": {"amount": "5", "currency": "USD"}, "reference": "R"}
    assert api.post("/payments", body).status_code == 403
    assert api.post("/invoices", {"order": invoice.order_id}).status_code == 403
    assert api.post(f"/invoices/{invoice.pk}/credit-notes", {"reason": "x"}, invoice.version).status_code == 403
    lines = [{"line": invoice.order.lines.get().pk, "quantity": "1"}]
    assert api.post(f"/orders/{invoice.order_id}/fulfillments", {"lines": lines}, 2).status_code == 403
    assert not (Payment.objects.exists() or CreditNote.objects.exists() or Fulfillment.objects.exists())


def test_lists_refuse_unknown_filters_and_cost_the_same_with_more_rows(
    alice, erin, call, django_assert_max_num_queries
):
    api = call(alice)
    make_invoice(alice, erin)
    for path in ("/orders", "/invoices", "/payments", "/credit-notes"):
        assert api.get(f"{path}?colour=red").status_code == 400
    for _ in range(4):
        make_invoice(alice, erin)
    for path in ("/orders", "/invoices"):
        with django_assert_max_num_queries(12):
            assert len(api.get(path).json()["results"]) == 5
