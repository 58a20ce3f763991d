"""Orders and billing on the page."""

from base64 import urlsafe_b64encode
from decimal import Decimal

import pytest
from django.urls import reverse

from orders import services
from orders.models import CreditNote, Fulfillment, Invoice, Order, Payment
from revops.core import clock
from revops.core.registries import day_for, panels_for, searchers
from tests.builders import make_product
from tests.orders.builders import line, make_account, make_invoice, make_order


def post(client, path, record, **more):
    return client.post(path, {"version": record.version, **more})


def pay(erin, account, amount, reference):
    return services.receive_payment(
        actor=erin, account=account, amount=Decimal(amount), currency="USD", reference=reference
    )


def fresh(record):
    return type(record).objects.get(pk=record.pk)


def test_erin_bills_and_books_the_payment_on_the_page(alice, erin, client):
    order = make_order(alice, [line(price=132_000, tax="8.25")])
    client.force_login(erin)
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert "$142,890.00" in page or "$142,890" in page
    made = post(client, f"/orders/{order.pk}/invoice/", order)
    invoice = Invoice.objects.get()
    assert made.url == f"/billing/invoices/{invoice.pk}/"
    assert "Draft invoice" in client.get(made.url).content.decode()
    post(client, f"/billing/invoices/{invoice.pk}/issue/", invoice)
    invoice = fresh(invoice)
    assert invoice.number
    form = client.get(f"/billing/payments/new/?invoice={invoice.pk}")
    assert b'value="142890.00"' in form.content
    booked = client.post(
        "/billing/payments/new/",
        {
            "account": invoice.account_id,
            "amount": "100000",
            "currency": "USD",
            "reference": "SEPA 7",
            "received_on": clock.today().isoformat(),
            "invoice": invoice.pk,
        },
    )
    assert booked.url == f"/billing/invoices/{invoice.pk}/"
    page = client.get(booked.url).content.decode()
    assert "Partly paid" in page
    assert "42,890" in page
    ageing = client.get("/billing/aging/").content.decode()
    assert "$42,890.00" in ageing


def test_delivering_on_the_page_is_bound_by_what_is_left(alice, olga, client):
    order = make_order(alice, [line(make_product("Gateway"), 3), line(make_product("Cable"), 2)])
    gateway, cable = order.lines.all()
    client.force_login(olga)
    assert b"3 left" in client.get(f"/orders/{order.pk}/").content
    address = f"/orders/{order.pk}/fulfil/"
    refused = post(client, address, order, **{f"line_{gateway.pk}": "4", f"line_{cable.pk}": ""})
    assert refused.status_code == 422
    assert b"3 left to ship" in refused.content
    assert not Fulfillment.objects.exists()
    post(client, address, order, **{f"line_{gateway.pk}": "3"}, carrier="Post")
    assert fresh(order).status == Order.Status.PARTIALLY_FULFILLED
    assert client.post(address, {"version": order.version, f"line_{cable.pk}": "2"}).status_code == 409
    post(client, address, fresh(order), **{f"line_{cable.pk}": "2"})
    assert fresh(order).status == Order.Status.FULFILLED


def test_a_draft_order_gets_its_lines_and_is_booked_by_who_may(alice, olga, client):
    product = make_product("Gateway", cost=5)
    draft = make_order(alice, [], channel="crm", book=False)
    client.force_login(olga)
    assert client.get(f"/orders/{draft.pk}/lines/").status_code == 200
    data = {
        "lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-product": product.pk, "lines-0-quantity": "2",
        "lines-0-unit_price": "50", "lines-0-tax_percent": "0",
    }  # fmt: skip
    post(client, f"/orders/{draft.pk}/lines/", draft, **data)
    assert fresh(draft).net == Decimal(100)
    bad = post(client, f"/orders/{draft.pk}/lines/", fresh(draft), **{**data, "lines-0-quantity": "-1"})
    assert bad.status_code == 422
    post(client, f"/orders/{draft.pk}/book/", fresh(draft))
    assert fresh(draft).status == Order.Status.BOOKED


def test_crediting_and_reversing_on_the_page(alice, erin, client):
    invoice = make_invoice(alice, erin, [line(price=100)])
    payment = services.receive_payment(
        actor=erin, account=invoice.account, amount=Decimal(100), currency="USD", reference="R1"
    )
    client.force_login(erin)
    post(client, f"/billing/payments/{payment.pk}/allocate/", payment, invoice=invoice.pk)
    assert fresh(invoice).status == "paid"
    address = f"/billing/payments/{payment.pk}/reverse/"
    assert post(client, address, fresh(payment), reason="").status_code == 422
    post(client, address, fresh(payment), reason="Bounced")
    assert fresh(invoice).status == "issued"
    credit = f"/billing/invoices/{invoice.pk}/credit/"
    assert post(client, credit, fresh(invoice), reason="Return", amount="100.01").status_code == 422
    post(client, credit, fresh(invoice), reason="Return", amount="")
    assert fresh(invoice).status == "void"
    assert CreditNote.objects.get().amount == Decimal(100)
    for path in ("/billing/payments/", f"/billing/payments/{payment.pk}/", "/billing/invoices/"):
        assert client.get(path).status_code == 200


def test_a_draft_invoice_is_discarded_and_an_issued_one_is_not(alice, erin, client):
    order = make_order(alice)
    draft = services.draft_invoice(order=order, actor=erin)
    client.force_login(erin)
    post(client, f"/billing/invoices/{draft.pk}/discard/", draft)
    assert not Invoice.objects.exists()
    issued = make_invoice(alice, erin)
    assert post(client, f"/billing/invoices/{issued.pk}/discard/", issued).status_code == 409
    assert Invoice.objects.get().number


def test_reps_read_bills_and_write_none(alice, erin, client):
    invoice = make_invoice(alice, erin)
    client.force_login(alice)
    assert client.get(f"/billing/invoices/{invoice.pk}/").status_code == 200
    assert client.get("/billing/payments/new/").status_code == 403
    assert post(client, f"/orders/{invoice.order_id}/invoice/", invoice.order).status_code == 403
    assert post(client, f"/billing/invoices/{invoice.pk}/credit/", invoice, reason="x").status_code == 403
    assert not (Payment.objects.exists() or CreditNote.objects.exists())


def test_another_teams_order_is_nowhere(alice, charlie, erin, client):
    invoice = make_invoice(alice, erin)
    order = invoice.order
    client.force_login(charlie)
    for path in (f"/orders/{order.pk}/", f"/orders/{order.pk}/lines/", f"/billing/invoices/{invoice.pk}/"):
        assert client.get(path).status_code == 404
    for path in (f"/orders/{order.pk}/cancel/", f"/orders/{order.pk}/fulfil/"):
        assert post(client, path, order).status_code == 404
    for path in ("/orders/", "/billing/invoices/", "/billing/aging/"):
        page = client.get(path).content.decode()
        assert order.number not in page
        assert order.account.name not in page
    assert searchers.get("order").search(charlie, order.number, 8) == []
    assert searchers.get("order").search(alice, order.number, 8)[0].exact


def test_lists_filter_sum_export_and_refuse_the_unknown(alice, erin, client):
    invoice = make_invoice(alice, erin, [line(price=1234)])
    draft = make_order(alice, book=False)
    client.force_login(alice)
    page = client.get("/orders/?status=booked").content.decode()
    assert invoice.order.number in page
    assert draft.number not in page
    assert "1,234" in page
    for path in ("/orders/", "/billing/invoices/", "/billing/payments/"):
        assert client.get(f"{path}?colour=red").status_code == 400
        assert client.get(f"{path}?export=csv").status_code == 200
    assert client.get("/billing/aging/?as_of=soon").status_code == 400
    assert client.get("/billing/invoices/?overdue=true&open=true").status_code == 200


def test_an_accounts_page_and_my_day_carry_what_concerns_them(alice, erin, client):
    invoice = make_invoice(alice, erin)
    keys = {panel["key"] for panel in panels_for("accounts.account", invoice.account, alice)}
    assert {"orders.of_account", "invoices.of_account", "balance.of_account"} <= keys
    client.force_login(alice)
    for name in ("order-list", "invoice-list", "invoice-ageing"):
        answer = client.get(reverse(name), {"account": invoice.account_id, "panel": "1"})
        assert answer.status_code == 200
        assert b"<html" not in answer.content
    Invoice.objects.filter(pk=invoice.pk).update(due_on="2001-01-01")
    assert "invoice" in {item.kind for item in day_for(erin, clock.today())}
    make_order(alice, [], channel="crm", book=False)
    assert "order" in {item.kind for item in day_for(alice, clock.today())}


def test_every_figure_of_the_ageing_opens_its_own_invoices(alice, erin, client):
    invoices = [make_invoice(alice, erin, [line(price=100 + n)]) for n in range(4)]
    today = clock.today()
    for number, row in enumerate(invoices):
        Invoice.objects.filter(pk=row.pk).update(due_on=today.fromordinal(today.toordinal() - 40 * number))
    client.force_login(erin)
    answer = client.get("/billing/aging/")
    for balance, cells in answer.context["rows"]:
        for money, url in cells:
            listed = client.get(url).context["page"].rows
            assert sum(row.open_amount for row in listed) == money.amount, (balance, url)


def test_the_ageing_is_paged_and_its_sums_cover_every_account(alice, erin, client, monkeypatch):
    bills = [make_invoice(alice, erin, [line(price=100 + n // 2)]) for n in range(7)]
    settled, spare = make_invoice(alice, erin, [line(price=5)]), make_account(alice, "Spare Ltd")
    paid = pay(erin, settled.account, 5, "BANK-5")
    services.allocate_payment(payment=paid, invoice=settled, amount=None, version=paid.version, actor=erin)
    pay(erin, spare, 30, "BANK-6")
    client.force_login(erin)
    monkeypatch.setattr("orders.selectors.balance.PAGE", 3)
    seen, url, sums = [], "/billing/aging/", set()
    while url:
        answer = client.get(url)
        here = [(row.account.pk, row.balance) for row, _cells in answer.context["rows"]]
        sums.add(tuple(answer.context["totals"]["USD"]))
        seen, back, onward = [*seen, here], answer.context["previous_url"], answer.context["next_url"]
        if back:
            before = client.get(f"/billing/aging/{back}").context["rows"]
            assert [(row.account.pk, row.balance) for row, _cells in before] == seen[-2]
        url = f"/billing/aging/{onward}" if onward else ""
    flat = [row for page in seen for row in page]
    assert [len(page) for page in seen] == [3, 3, 2] and len(set(flat)) == 8
    owed = {bill.account_id: bill.total for bill in bills}
    assert dict(flat) == {**owed, spare.pk: 0} and [sum_ for _pk, sum_ in flat] == sorted((*owed.values(), 0))[::-1]
    [(*buckets, balance, unapplied)] = sums
    assert balance.amount == sum(owed.values()) == sum(one.amount for one in buckets) and unapplied.amount == 30


@pytest.mark.parametrize("values", ['[true,1,"USD"]', '[{"n":"1"},true,"USD"]', '[{"n":"1"},1,2]', "[1]", "{}"])
def test_a_cursor_that_is_none_is_refused_by_the_ageing(erin, client, values):
    client.force_login(erin)
    body = f'[["-balance","account","currency"],0,{values}]'
    assert client.get("/billing/aging/", {"cursor": urlsafe_b64encode(body.encode()).decode()}).status_code == 400
    assert client.get("/billing/aging/", {"cursor": "x"}).status_code == 400


@pytest.mark.parametrize("path", ["order", "invoice", "payment", "creditnote", "fulfillment"])
def test_documents_are_read_in_the_administration_and_never_written(alice, erin, olga, client, path):
    invoice = make_invoice(alice, erin)
    client.force_login(olga)
    assert client.get(f"/admin/orders/{path}/").status_code == 200
    assert client.get(f"/admin/orders/{path}/add/").status_code == 403
    assert client.get(f"/admin/orders/invoice/{invoice.pk}/change/").status_code == 200
