"""Quotes on the page: the editor, the verbs, the deal desk and the document."""

import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from pypdf import PdfReader

from opportunities import services
from opportunities.models import ApprovalRequest, Opportunity, Quote
from opportunities.tasks import expire_quotes
from revops.core import clock
from revops.core.registries import day_for, searchers
from tests.builders import make_product
from tests.opportunities.quote_builders import make_deal, make_quote, make_sent_quote, open_request, submit, the_book


def typed(quote, lines=None, **more):
    """What the browser sends from the editor."""
    rows = list(quote.lines.all()) if lines is None else lines
    return {
        "version": quote.version,
        "price_book": quote.price_book_id,
        "book_shown": quote.price_book_id,
        "valid_until": quote.valid_until.isoformat(),
        "discount": "",
        "shipping": "",
        "terms": quote.terms,
        "product": [row.product_id for row in rows],
        "quantity": [f"{row.quantity.normalize():f}" for row in rows],
        "unit_price": [f"{row.unit_price.normalize():f}" for row in rows],
        "discount_percent": [f"{row.discount_percent.normalize():f}" for row in rows],
        "tax_percent": [f"{row.tax_percent.normalize():f}" for row in rows],
        **more,
    }


def act(client, quote, verb, **more):
    return client.post(f"/quotes/{quote.pk}/{verb}/", {"version": quote.version, **more})


def test_a_quote_is_made_on_the_page_with_what_the_editor_previewed(alice, client):
    deal = make_deal(alice)
    product = make_product("Seat", price="19.99", cost=8, book=the_book())
    client.force_login(alice)
    address = reverse("quote-new", args=[deal.pk])
    page = client.get(address)
    assert page.status_code == 200
    assert f'value="{product.pk}"'.encode() in page.content
    form = {
        "price_book": the_book().pk,
        "valid_until": clock.today().isoformat(),
        "product": [product.pk],
        "quantity": ["3"],
        "unit_price": [""],
        "discount_percent": [""],
        "tax_percent": ["8.25"],
    }
    live = client.post(reverse("quote-new-live", args=[deal.pk]) + "?live=1", form)
    assert b"$64.92" in live.content
    assert b'id="net-0" hx-swap-oob="true"' in live.content
    assert not Quote.objects.exists()
    saved = client.post(address, form)
    quote = Quote.objects.get()
    assert saved.url == f"/quotes/{quote.pk}/"
    assert quote.total == Decimal("64.92")
    assert b"$64.92" in client.get(saved.url).content


def test_products_are_added_and_removed_before_anything_is_saved(alice, client):
    quote = make_quote(alice)
    other = make_product("Cable", price=7, cost=1, book=the_book())
    client.force_login(alice)
    live = reverse("quote-live", args=[quote.pk])
    added = client.post(live, typed(quote, add="1", add_product=other.pk), HTTP_HX_REQUEST="true").content.decode()
    assert "Quantity of Cable" in added
    assert "Quantity of Product" in added
    gone = client.post(live, typed(quote, remove="0"), HTTP_HX_REQUEST="true").content.decode()
    assert "No lines yet" in gone
    whole = client.post(live, typed(quote, add="1", add_product=other.pk)).content.decode()
    assert "<html" in whole
    assert quote.lines.count() == 1


def test_the_editor_says_who_would_have_to_approve(alice, client):
    quote = make_quote(alice, 300_000, 22)
    client.force_login(alice)
    text = client.get(f"/quotes/{quote.pk}/edit/").content.decode()
    for expected in ("High revenue, low margin", "Deal desk", "Finance", "Executive", "Step 1 of 3"):
        assert expected in text
    small = make_quote(alice, 100_000, 35)
    assert "Nobody has to be asked" in client.get(f"/quotes/{small.pk}/edit/").content.decode()


def test_a_bad_cell_says_so_and_saves_nothing(alice, client):
    quote = make_quote(alice)
    client.force_login(alice)
    for change in ({"quantity": ["many"]}, {"quantity": ["0"]}, {"discount_percent": ["200"]}, {"discount": "-1"}):
        answer = client.post(f"/quotes/{quote.pk}/edit/", typed(quote, **change))
        assert answer.status_code == 422, change
    assert Quote.objects.get().version == quote.version


def test_saving_a_stale_editor_shows_both_versions(alice, client):
    quote = make_quote(alice)
    stale = typed(quote, terms="Mine")
    services.update_quote(quote=quote, version=quote.version, actor=alice, terms="Theirs")
    client.force_login(alice)
    assert client.post(f"/quotes/{quote.pk}/edit/", stale).status_code == 409
    assert Quote.objects.get().terms == "Theirs"


def test_save_and_submit_then_send_then_accept(alice, client):
    quote = make_quote(alice)
    client.force_login(alice)
    client.post(f"/quotes/{quote.pk}/edit/", typed(quote, then="submit"))
    quote.refresh_from_db()
    assert quote.status == "approved"
    act(client, quote, "send")
    quote.refresh_from_db()
    assert act(client, quote, "accept", accepted_by_name=" ").status_code == 422
    assert act(client, quote, "accept", accepted_by_name="Ann Lee").url == f"/quotes/{quote.pk}/"
    assert Quote.objects.get().status == "accepted"
    assert Opportunity.objects.get().status == "won"
    assert act(client, quote, "accept", accepted_by_name="Ann").status_code == 409


def test_the_manager_decides_on_the_deal_desk_and_nobody_else(alice, bob, charlie, client):
    quote = submit(make_quote(alice, 100_000, 22), alice)
    request = open_request(quote)
    assert [item.kind for item in day_for(bob, clock.today()) if item.kind == "approval"] == ["approval"]
    client.force_login(alice)
    assert b"Nothing waits for you" in client.get("/deal-desk/").content
    address = f"/deal-desk/{request.pk}/approve/"
    assert client.post(address, {"version": request.version}).status_code == 403
    client.force_login(charlie)
    assert client.post(address, {"version": request.version}).status_code == 404
    client.force_login(bob)
    page = client.get("/deal-desk/").content.decode()
    assert quote.number in page
    assert "22.0 %" in page
    refused = client.post(f"/deal-desk/{request.pk}/reject/", {"version": request.version, "note": ""})
    assert refused.status_code == 422
    assert client.post(address, {"version": request.version, "note": "Fine"}).url == "/deal-desk/"
    assert ApprovalRequest.objects.get().status == "approved"


def test_an_approver_of_another_team_reads_the_quote_but_not_the_deal(alice, erin, client):
    quote = submit(make_quote(alice, 300_000, 22), alice)
    client.force_login(erin)
    page = client.get(f"/quotes/{quote.pk}/")
    assert page.status_code == 200
    assert f'href="/opportunities/{quote.opportunity_id}/"'.encode() not in page.content


def test_another_teams_quote_is_nowhere(alice, charlie, client):
    quote = make_sent_quote(alice)
    client.force_login(charlie)
    for path in ("", "edit/", "pdf/"):
        assert client.get(f"/quotes/{quote.pk}/{path}").status_code == 404
    assert act(client, quote, "accept", accepted_by_name="X").status_code == 404
    assert client.get(reverse("quote-new", args=[quote.opportunity_id])).status_code == 404
    assert quote.number.encode() not in client.get("/quotes/").content
    assert searchers.get("quote").search(charlie, quote.number, 8) == []
    assert searchers.get("quote").search(alice, quote.number, 8)[0].exact


def test_the_list_filters_refuses_the_unknown_and_exports(alice, client):
    sent, draft = make_sent_quote(alice), make_quote(alice)
    client.force_login(alice)
    page = client.get("/quotes/?status=sent").content.decode()
    assert sent.number in page
    assert draft.number not in page
    assert client.get("/quotes/?colour=red").status_code == 400
    assert draft.number in b"".join(client.get("/quotes/?export=csv").streaming_content).decode()
    panel = client.get(f"/quotes/?account={sent.opportunity.account_id}&panel=1").content.decode()
    assert sent.number in panel


def test_the_task_expires_what_is_over(alice):
    sent = make_sent_quote(alice)
    Quote.objects.filter(pk=sent.pk).update(valid_until="2001-01-01")
    expire_quotes()
    assert Quote.objects.get().status == "expired"


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&amp;", "&").replace("&#x27;", "'")


def test_the_text_of_the_document_holds_number_lines_and_totals_as_on_the_page(alice, client):
    book, deal = the_book(), make_deal(alice, name="Fleet rollout", company="Halvorsen & Sons")
    seat = make_product("Driver seat", price=32, cost=20, book=book, kind="subscription", recurring_months=1)
    box = make_product("Gateway", price="199.99", cost=150, book=book)
    line = {"tax_percent": Decimal("8.25")}
    quote = services.create_quote(
        actor=alice,
        opportunity=deal,
        lines=[
            {"product": seat, "quantity": Decimal(160), "discount_percent": Decimal("12.5"), **line},
            {"product": box, "quantity": Decimal(3), **line},
        ],
        discount=Decimal("10.01"),
        shipping=Decimal(25),
        terms="30 days net",
    )
    client.force_login(alice)
    page = words(client.get(f"/quotes/{quote.pk}/").content.decode())
    answer = client.get(f"/quotes/{quote.pk}/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    text = "\n".join(part.extract_text() for part in PdfReader(io.BytesIO(answer.content)).pages)
    text = re.sub(r"\s+", " ", text)
    from opportunities.pdf import totals
    from revops.core.money import Money
    from revops.core.templatetags.frame import money_text

    expected = [quote.number, "Fleet rollout", "Halvorsen & Sons", "Driver seat", "Gateway", "$32.00", "$199.99"]
    expected += [money_text(Money(row.net, "USD")) for row in quote.lines.all()]
    expected += [row["value"] for row in totals(quote) if "Discount" not in row["label"]]
    expected += ["160", "12.5 %", "30 days net"]
    for piece in expected:
        assert piece in text, (piece, text)
        assert piece in page, (piece, page)


@pytest.mark.parametrize("rows", [1, 5])
def test_the_list_costs_the_same_with_more_rows(alice, client, rows, django_assert_max_num_queries):
    for _ in range(rows):
        make_quote(alice)
    client.force_login(alice)
    client.get("/quotes/")
    with django_assert_max_num_queries(40):
        client.get("/quotes/")
