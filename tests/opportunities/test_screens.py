"""Board, list and record page as people meet them: figures over the whole filter, moves and their refusals, scope."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from opportunities import services
from opportunities.models import LossReason, Opportunity
from opportunities.setup import ensure_pipeline
from revops.core import clock
from revops.core.models import ExchangeRate
from revops.users.models import User
from tests.opportunities.builders import lose, make_account, make_deal, win

pytestmark = pytest.mark.django_db
FETCH = {"HTTP_X_REQUESTED_WITH": "fetch", "HTTP_ACCEPT": "application/json, text/html"}
SOON = date(2030, 6, 30)


def screen(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return re.sub(r"\s+", " ", body.decode())


def test_the_board_sums_each_lane_and_the_whole_over_the_filter(alice: User, bob: User) -> None:
    account = make_account(alice)
    make_deal(alice, name="Depot pilot", amount=38_500, account=account)
    make_deal(alice, name="Route planning", amount=14_200, account=account)
    make_deal(alice, name="Claims app", amount=61_800, stage="develop_proposal", account=account)
    win(make_deal(alice, name="Won one", amount=500, account=account), alice)
    page = text(screen(bob).get("/opportunities/"))
    for words in (
        "$52,700",
        "$5,270 at 10 %",
        "$61,800",
        "$25,956 at 42 %",
        "$114,500",
        "$31,226",
        "Won · 1",
        "3 open",
    ):
        assert words in page, words
    assert page.index("Depot pilot") < page.index("Route planning") and "Won one" not in page
    only = text(screen(bob).get("/opportunities/?stage=engage"))
    assert "Claims app" not in only and "$52,700" in only


def test_cards_say_what_comes_next_and_why_they_age(alice: User, bob: User) -> None:
    deal = make_deal(alice, name="Quiet one")
    Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=clock.now() - timedelta(days=12, hours=1))
    late = make_deal(alice, name="Late one")
    services.plan_on_opportunity(
        opportunity=late, actor=alice, kind="call", subject="Call", due_at=clock.now() - timedelta(days=2)
    )
    later = make_deal(alice, name="Later one")
    services.plan_on_opportunity(
        opportunity=later, actor=alice, kind="email", subject="Mail", due_at=clock.now() + timedelta(days=3)
    )
    page = text(screen(alice).get("/opportunities/"))
    assert "No activity for 12 days, limit 10. Nothing planned." in page
    assert "Call, 2 days late" in page and "No next action" in page and "Mail on" in page
    assert re.findall(r"(Overdue|Due today|No next action|Ageing) <b>(\d+)</b>", page) == [
        ("Overdue", "1"),
        ("Due today", "0"),
        ("No next action", "1"),
        ("Ageing", "1"),
    ]
    for query, name in (("next=late", "Late one"), ("next=none", "Quiet one"), ("ageing=true", "Quiet one")):
        found = re.findall(r'class="deal-title"[^>]*>([^<]+)<', text(screen(alice).get(f"/opportunities/?{query}")))
        assert found == [name], query


def test_an_activity_ends_the_ageing(alice: User) -> None:
    deal = make_deal(alice)
    Opportunity.objects.filter(pk=deal.pk).update(stage_entered_at=clock.now() - timedelta(days=30))
    services.log_on_opportunity(opportunity=deal, actor=alice, kind="call", subject="Called")
    assert "No activity for" not in text(screen(alice).get("/opportunities/"))


def test_a_lane_shows_twenty_cards_and_the_rest_on_request(alice: User) -> None:
    account = make_account(alice)
    for number in range(45):
        make_deal(alice, name=f"Deal {number:02}", amount=1000 + number, account=account)
    make_deal(alice, name="Without amount", amount=None, account=account)
    client, seen = screen(alice), []
    page = text(client.get("/opportunities/?status=open"))
    while True:
        seen += re.findall(r'class="deal-title"[^>]*>([^<]+)<', page)
        more = re.search(r'class="lane-more" href="([^"]+)"', page)
        if more is None:
            break
        page = text(client.get(more.group(1).replace("&amp;", "&")))
    assert seen == [f"Deal {n:02}" for n in range(44, -1, -1)] + ["Without amount"]


def test_several_currencies_are_converted_and_a_missing_rate_is_said(alice: User, olga: User) -> None:
    make_deal(alice, amount=1000)
    make_deal(alice, amount=1000, currency="EUR")
    page = text(screen(alice).get("/opportunities/"))
    assert "without an exchange rate" in page and "$2,000" not in page and "$1,000" in page
    ExchangeRate.objects.create(source="EUR", target="USD", on=clock.today(), rate=Decimal("1.1"))
    page = text(screen(alice).get("/opportunities/"))
    assert "$2,100" in page and "without an exchange rate" not in page


def move(client: Client, deal: Opportunity, stage: str, **fields: Any) -> Any:
    data = {"stage": stage, "version": deal.version, **fields}
    return client.post(f"/opportunities/{deal.pk}/move/?q=deal", data, **FETCH)


def test_a_dropped_card_comes_back_fresh_with_the_heads_of_the_lanes(alice: User) -> None:
    deal = make_deal(alice, name="Moving deal", amount=100)
    answer = move(screen(alice), deal, "discover_needs")
    page = text(answer)
    assert answer.status_code == 200 and f'data-card="{deal.pk}"' in page and 'data-version="2"' in page
    assert 'data-lane-head="engage"' in page and "$20 at 20 %" in page and "move/?q=deal" in page


def test_a_drop_asks_for_exactly_what_is_missing_and_takes_it(alice: User) -> None:
    deal, client = make_deal(alice, name="A deal", amount=None), screen(alice)
    asked = move(client, deal, "pitch")
    page = text(asked)
    assert asked.status_code == 422 and 'name="amount"' in page and 'name="close_on"' in page
    assert 'name="loss_reason"' not in page and f'name="version" value="{deal.version}"' in page
    wrong = move(client, deal, "pitch", amount="-5", close_on="2030-06-30")
    assert wrong.status_code == 422 and 'aria-invalid="true"' in text(wrong)
    assert move(client, deal, "pitch", amount="5", close_on="2030-06-30").status_code == 200
    deal.refresh_from_db()
    assert (deal.stage.key, deal.amount, deal.close_on) == ("pitch", 5, SOON)


def test_lost_and_won_by_hand_ask_for_their_reasons(alice: User) -> None:
    deal, client = make_deal(alice), screen(alice)
    assert 'name="loss_reason"' in text(move(client, deal, "closed_lost"))
    assert 'name="won_reason"' in text(move(client, deal, "closed_won"))
    reason = LossReason.objects.first()
    assert move(client, deal, "closed_lost", loss_reason=reason.pk).status_code == 200
    deal.refresh_from_db()
    assert deal.loss_reason == reason


def test_a_refused_drop_says_why_and_nothing_happens(alice: User, sam: User) -> None:
    deal, client = make_deal(alice), screen(alice)
    client.post(f"/opportunities/{deal.pk}/move/", {"stage": "discover_needs", "version": 1}, **FETCH)
    stale = move(client, deal, "develop_proposal")
    assert stale.status_code == 409 and stale.json()["code"] == "stale_copy"
    deal = lose(Opportunity.objects.get(pk=deal.pk), alice)
    closed = move(client, deal, "engage")
    assert closed.status_code == 409 and "Reopen it" in closed.json()["detail"]
    deal.team.create(user=sam, role="SDR")
    assert move(screen(sam), deal, "engage").status_code == 403
    deal.refresh_from_db()
    assert deal.status == "lost"


def test_without_script_the_same_door_is_a_page(alice: User) -> None:
    deal, client = make_deal(alice, amount=None), screen(alice)
    assert client.get(f"/opportunities/{deal.pk}/move/?stage=pitch").status_code == 200
    asked = client.post(f"/opportunities/{deal.pk}/move/", {"stage": "pitch", "version": 1})
    assert asked.status_code == 422 and "Move to Pitch" in text(asked) and "<html" in text(asked)
    data = {"stage": "pitch", "version": 1, "amount": "10", "close_on": "2030-06-30"}
    assert client.post(f"/opportunities/{deal.pk}/move/", data)["Location"] == f"/opportunities/{deal.pk}/"


def test_the_list_filters_sorts_and_exports_exactly_what_it_shows(alice: User) -> None:
    make_deal(alice, name="Big", amount=900)
    make_deal(alice, name="Small", amount=100)
    client = screen(alice)
    page = text(client.get("/opportunities/list/?amount__gte=500"))
    assert "Big" in page and "Small" not in page and "$900" in page
    lines = text(client.get("/opportunities/list/?amount__gte=500&export=csv"))
    assert "Big" in lines and "Small" not in lines
    assert text(client.get("/opportunities/list/?sort=-amount")).index("Big") < text(
        client.get("/opportunities/list/?sort=-amount")
    ).index("Small")
    for query in ("colour=red", "sort=nothing", "close_on__gte=soon", "cursor=x", "as_of=never", "q=%00"):
        assert client.get(f"/opportunities/list/?{query}").status_code == 400, query
        assert client.get(f"/opportunities/?{query}").status_code == 400 or "sort" in query or "cursor" in query, query


def test_this_month_stands_where_the_page_looks_from(alice: User) -> None:
    deal = win(make_deal(alice, amount=777), alice)
    Opportunity.objects.filter(pk=deal.pk).update(closed_on=date(2017, 12, 31))
    assert "Won · 0" in text(screen(alice).get("/opportunities/"))
    page = text(screen(alice).get("/opportunities/?as_of=2017-12-31"))
    assert "Won · 1" in page and "$777" in page and "closed_on__gte=2017-12-01" in page


def test_the_record_page_tells_the_deals_story(alice: User, bob: User) -> None:
    deal = make_deal(alice, name="Fleet telemetry", amount=120_000, close_on=SOON)
    services.update_opportunity(opportunity=deal, version=None, actor=alice, amount=Decimal(132_000))
    services.move_opportunity(opportunity=deal, stage="negotiate", version=None, actor=alice)
    services.log_on_opportunity(
        opportunity=deal, actor=alice, kind="call", subject="Called Jonas", body="SSO is a must"
    )
    services.plan_on_opportunity(
        opportunity=deal, actor=alice, kind="call", subject="Call Ingrid", due_at=clock.now() + timedelta(days=9)
    )
    page = text(screen(bob).get(f"/opportunities/{deal.pk}/"))
    for words in (
        "Fleet telemetry", f"OPP-{deal.pk}", "$132,000", "30 Jun 2030", "Commit", "75 %", "Stage Engage to Negotiate",
        "Called Jonas", "SSO is a must", "Next: Call Ingrid on", "Opened in Engage", "100 %", "$120,000",
    ):  # fmt: skip
        assert words in page, words


def test_a_long_story_comes_in_parts_and_loses_nothing(alice: User) -> None:
    deal, client = make_deal(alice), screen(alice)
    for number in range(35):
        services.log_on_opportunity(opportunity=deal, actor=alice, kind="call", subject=f"Call {number:02}")
    url, seen = f"/opportunities/{deal.pk}/", []
    while url:
        page = text(client.get(url))
        seen += re.findall(r"Call \d\d", page)
        earlier = re.search(r'href="([^"]*before=[^"]+)"', page)
        url = f"/opportunities/{deal.pk}/{earlier.group(1)}" if earlier else ""
    assert list(dict.fromkeys(seen)) == [f"Call {n:02}" for n in range(34, -1, -1)] and "Opened in Engage" in page
    for damaged in ("soon", "2026-01-01", "2026-99-99T10:00:00Z"):
        assert client.get(f"/opportunities/{deal.pk}/?before={damaged}").status_code == 400, damaged


def test_a_touch_is_logged_with_its_next_action_in_one_go(alice: User) -> None:
    deal, client = make_deal(alice), screen(alice)
    url = f"/opportunities/{deal.pk}/log/"
    data = {
        "kind": "call",
        "text": "Called\nThey want a quote",
        "next_subject": "Send quote",
        "next_at": "2030-01-07T11:00",
    }
    assert client.post(url, data).status_code == 302
    rows = [link.activity for link in deal.opportunity_activities.select_related("activity").order_by("pk")]
    assert [(row.kind, row.status, row.subject, row.account_id) for row in rows] == [
        ("call", "completed", "Called", deal.account_id),
        ("call", "planned", "Send quote", deal.account_id),
    ]
    answer = client.post(f"/activities/{rows[1].pk}/done/", {"version": rows[1].version})
    assert (answer.status_code, answer["Location"]) == (302, deal.get_absolute_url())
    rows[1].refresh_from_db()
    assert rows[1].status == "completed"
    empty = client.post(url, {"kind": "note", "text": " "})
    assert empty.status_code == 422 and "Say what happened" in text(empty)


def test_opening_and_editing_a_deal(alice: User, charlie: User) -> None:
    ensure_pipeline()
    client, account = screen(alice), make_account(alice)
    assert client.get(f"/opportunities/new/?account={account.pk}&stage=engage").status_code == 200
    facts = {
        "name": "New one",
        "account": account.pk,
        "currency": "USD",
        "stage": "engage",
        "owner": alice.pk,
        "kind": "new",
    }
    refused = client.post("/opportunities/new/", {**facts, "name": "", "account": make_account(charlie).pk})
    assert refused.status_code == 422 and not Opportunity.objects.exists()
    missing = client.post("/opportunities/new/", {**facts, "stage": "pitch"})
    assert missing.status_code == 422 and "Pitch needs" in text(missing)
    assert client.post("/opportunities/new/", facts).status_code == 302
    deal = Opportunity.objects.get()
    url = f"/opportunities/{deal.pk}/edit/"
    assert client.get(url).status_code == 200
    assert client.post(url, {**facts, "name": "Renamed", "version": 1}).status_code == 302
    stale = client.post(url, {**facts, "name": "Mine", "version": 1})
    assert stale.status_code == 409
    deal.refresh_from_db()
    assert deal.name == "Renamed"


def test_the_split_form_shares_the_credit_and_says_what_is_wrong(alice: User, bob: User) -> None:
    deal, client = make_deal(alice), screen(alice)
    url = f"/opportunities/{deal.pk}/splits/"
    rows = {
        "user_0": alice.pk,
        "percent_0": "70",
        "kind_0": "revenue",
        "user_1": bob.pk,
        "percent_1": "20",
        "kind_1": "revenue",
    }
    wrong = client.post(url, {**rows, "version": 1})
    assert wrong.status_code == 422 and "add up to 90 %" in text(wrong)
    assert client.post(url, {**rows, "percent_1": "30", "version": 1}).status_code == 302
    assert sorted(split.percent for split in deal.splits.all()) == [30, 70]
    assert client.post(f"/opportunities/{deal.pk}/category/", {"category": "commit", "version": 2}).status_code == 302
    deal.refresh_from_db()
    assert deal.category_overridden


def test_reopening_from_the_page(alice: User) -> None:
    deal = lose(make_deal(alice), alice)
    answer = screen(alice).post(f"/opportunities/{deal.pk}/reopen/", {"version": deal.version, "reason": "They called"})
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert deal.status == "open"


@pytest.mark.spec("INV-92")
def test_an_outsider_meets_404_on_every_address_of_a_deal(alice: User, charlie: User) -> None:
    deal, client = make_deal(alice, name="Secret deal"), screen(charlie)
    for path in ("", "edit/", "move/", "splits/"):
        assert client.get(f"/opportunities/{deal.pk}/{path}").status_code == 404, path
    for path in ("move/", "log/", "splits/", "category/", "reopen/", "edit/", "done/1/"):
        data = {"stage": "pitch", "version": 1}
        assert client.post(f"/opportunities/{deal.pk}/{path}", data).status_code == 404, path
    for page in ("/opportunities/", "/opportunities/list/", "/opportunities/list/?export=csv"):
        assert "Secret deal" not in text(client.get(page))
    assert Client().get("/opportunities/")["Location"].startswith("/login/")


PAGES: list[tuple[str, Callable[[Opportunity], str]]] = [
    ("board", lambda deal: "/opportunities/"),
    ("list", lambda deal: "/opportunities/list/"),
    ("panel", lambda deal: f"/opportunities/list/?account={deal.account_id}&panel=1"),
    ("record", lambda deal: f"/opportunities/{deal.pk}/"),
]


@pytest.mark.parametrize(("name", "path"), PAGES, ids=[name for name, _ in PAGES])
def test_a_page_costs_the_same_queries_however_much_it_holds(
    alice: User, name: str, path: Callable[[Opportunity], str]
) -> None:
    client, deal = screen(alice), make_deal(alice)

    def grow(times: int) -> None:
        for number in range(times):
            other = make_deal(alice, account=deal.account if number % 2 else None)
            services.log_on_opportunity(opportunity=deal, actor=alice, kind="call", subject="Again")
            services.plan_on_opportunity(
                opportunity=other, actor=alice, kind="call", subject="x", due_at=clock.now() + timedelta(days=1)
            )
            services.move_opportunity(opportunity=other, stage="discover_needs", version=None, actor=alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(path(deal)).status_code == 200
        return len(caught)

    grow(2)
    queries()
    before = queries()
    grow(6)
    assert queries() == before


def test_the_first_cards_of_a_lane_come_from_the_index(alice: User) -> None:
    from opportunities.selectors import board
    from opportunities.selectors.opportunities import board_stages, deals

    make_deal(alice)
    account = make_account(alice)
    rows = [make_deal(alice, account=account) for _ in range(3)]
    template = Opportunity.objects.get(pk=rows[0].pk)
    copies = []
    for number in range(5000):
        copy = Opportunity(
            **{f.attname: getattr(template, f.attname) for f in Opportunity._meta.fields if f.name != "id"}
        )
        copy.amount, copy.external_id = number, ""
        copies.append(copy)
    Opportunity.objects.bulk_create(copies, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE opportunities_opportunity")
    with CaptureQueriesContext(connection) as caught:
        board.first_cards(deals(viewer=alice).open(), [s for s in board_stages() if s.kind == "open"], 20)
    sql = next(query["sql"] for query in caught if "UNION ALL" in query["sql"] and "LIMIT" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "opp_board" in plan, plan


def test_a_lane_offers_a_new_deal_only_to_who_may_open_one(alice: User, erin: User) -> None:
    make_deal(alice, name="Depot pilot", amount=38_500)
    offer = "/opportunities/new/?stage=engage"
    assert offer in text(screen(alice).get("/opportunities/"))
    assert offer not in text(screen(erin).get("/opportunities/"))
