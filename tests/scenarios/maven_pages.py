"""Imported history on the pages that say "this": read as of the last day of 2017."""

from decimal import Decimal
from typing import Any

from django.test import Client

from revops.core.money import Money
from revops.users.models import User

DAY = "as_of=2017-12-31"
WON_IN_QUARTER, WON_IN_DECEMBER, OPEN_AT_LIST = 2_802_496, 1_131_573, 4_966_215


def usd(value: int) -> Money:
    return Money(Decimal(value), "USD")


def figures(page: Any) -> dict[str, tuple[Decimal, int]]:
    whole, heads = page.context["whole"], [str(head) for head in page.context["heads"]]
    return {
        head: (figure["value"].amount, figure["count"]) for head, figure in zip(heads, whole["figures"], strict=True)
    }


def assert_pages_show_the_figures_of_that_day(viewer: User) -> None:
    """Forecast, dashboard, board and API, for somebody who sees every deal."""
    client = Client()
    client.force_login(viewer)
    page = client.get(f"/forecast/?period=2017-Q4&{DAY}")
    shown = figures(page)
    assert shown["Closed"] == shown["Commit"] == shown["Best case"] == (WON_IN_QUARTER, 1196)
    assert shown["No date"] == (OPEN_AT_LIST, 2089)
    assert shown["Open pipeline"] == shown["Close date passed"] == (0, 0)
    behind = client.get(page.context["whole"]["figures"][0]["url"])
    assert behind.context["strip"][0].value == usd(WON_IN_QUARTER)
    no_date = client.get(page.context["whole"]["figures"][-1]["url"])
    assert no_date.context["strip"][0].value == usd(OPEN_AT_LIST)
    assert no_date.context["count"] == 2089

    dashboard = client.get(f"/dashboard/?period=2017-12&{DAY}").context["kpis"]
    assert dashboard[0].value == usd(WON_IN_DECEMBER)
    assert dashboard[1].value == usd(OPEN_AT_LIST)

    board = client.get(f"/opportunities/?{DAY}")
    strip = {str(figure.label): figure.value for figure in board.context["strip"]}
    assert strip["Open pipeline"] == usd(OPEN_AT_LIST)
    assert strip["Won this month"] == usd(WON_IN_DECEMBER)

    body = client.get(f"/api/v1/forecasts?period=2017-Q4&{DAY}").json()
    assert body["total"]["figures"]["closed"]["amount"] == "2802496.00"
    # Nine months earlier nothing of the quarter had happened yet.
    assert figures(client.get("/forecast/?period=2017-Q4&as_of=2017-03-31"))["Closed"] == (0, 0)
