"""Every page and dialog in a real browser: accessible in light and dark, no wider than a screen or a phone.

The pages come from the addresses of the product (tests/e2e/every.py): a new page is walked from the day it has a name.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page

from opportunities.services import create_quote
from orders.services import create_order
from revops.catalog.models import PriceBook, Product
from revops.embedded import ROOT
from revops.integrations.services import propose_change
from tests.architecture.world import World, make_world
from tests.cast import Cast, make_cast
from tests.e2e.conftest import TAGS, PageAs
from tests.e2e.every import Seen, Walk, walk
from tests.e2e.growth import growth_keys
from tests.e2e.market import market_keys
from tests.e2e.merging import merge_keys
from tests.e2e.pages import PHONE, WIDE
from tests.e2e.path import path_keys
from tests.e2e.test_people import told
from tests.integrations.files import imported, uploaded
from tests.opportunities.quote_builders import make_deal
from tests.orders.builders import make_account

# Only 403 and 404 here: they need what a walk cannot bring (a link from a mail, a second factor, a provider, a
# delivery), are verbs with a word in the address, or a calendar for other programs.
CLOSED = {
    "account_confirm_email", "account_reset_password_from_key", "account_signup", "approval-decide", "calendar-feed",
    "case-act", "change-request-act", "core:custom-values", "core:job-file", "core:metrics", "mfa_authenticate",
    "mfa_deactivate_totp", "mfa_download_recovery_codes", "mfa_view_recovery_codes", "notification-open",
    "notification-read", "notification-unsubscribe", "openid_connect_callback", "openid_connect_login",
    "opportunity-lane", "order-act", "quote-act", "webhook-act", "webhook-message", "webhook-message-replay",
}  # fmt: skip
FITS = """() => document.documentElement.scrollWidth <= window.innerWidth
    && [...document.querySelectorAll("[data-chart] svg")].every((svg) => {
        const box = svg.closest(".panel").getBoundingClientRect();
        return svg.getBoundingClientRect().right <= box.right + 1;
    })"""
# Colours fade over; what counts is where they end.
THEME = """(theme) => {
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.offsetWidth;
    document.getAnimations().filter((one) => one instanceof CSSTransition).forEach((one) => one.finish());
}"""
MARK = "() => document.body.querySelectorAll('*').forEach((one) => (one.wide = one.getClientRects().length > 0))"
# All rules in light; of the dark only the colours differ. On a phone all of them for what was not there before, and for
# the rest what depends on where it stands. A dialog is looked at opened.
LOOK = """async ([tags, dark, phone]) => {
    const colours = ['color-contrast', 'link-in-text-block'];
    const only = dark ? { type: 'rule', values: colours } : { type: 'tag', values: tags };
    const options = { runOnly: only, resultTypes: ['violations'], elementRef: false };
    const found = [];
    const look = async (where, name) => {
        const { violations } = await axe.run(where, options);
        for (const one of violations) for (const node of one.nodes)
            found.push(`${name}${one.id} (${one.impact}): ${node.target} ${node.html.slice(0, 120)}`);
    };
    if (phone) {
        const news = (one) => !one.wide && one.getClientRects().length && one.parentElement.wide !== false;
        const fresh = [...document.body.querySelectorAll('*')].filter(news);
        if (fresh.length) await look({ include: fresh }, '');
        if (dark) return found;
        options.runOnly = { type: 'rule', values: ['target-size', 'scrollable-region-focusable'] };
    }
    await look(document, '');
    for (const dialog of document.querySelectorAll('main dialog[id]')) {
        dialog.showModal();
        await look(dialog, `dialog ${dialog.id}: `);
        dialog.close();
    }
    for (const menu of document.querySelectorAll('main details.menu')) {
        if (!menu.getClientRects().length) continue;
        menu.open = true;
        await look(menu, 'menu: ');
        menu.open = false;
    }
    return found;
}"""


@pytest.fixture
def cast(alone: None) -> Cast:
    return make_cast()


@pytest.fixture
def visited(cast: Cast) -> Walk:
    """One record of each kind, and what else pages need to show something."""
    world = make_world(cast)
    told(cast)
    draft = create_order(actor=cast.alice, account=make_account(cast.alice, "Draft Works"), channel="pos", lines=[])
    run = imported("accounts", "name,city\nNew Works,Bath\n", cast.olga)
    upload = uploaded("accounts", "name,city\nOther Works,Wells\n", cast.olga)
    change = propose_change(actor=cast.alice, title="A field for the region")
    book, product = PriceBook.objects.get(is_default=True), Product.objects.order_by("pk")[0]
    deal = make_deal(cast.alice, name="Open deal")
    line = {"product": product, "quantity": Decimal(1)}
    quote = create_quote(actor=cast.alice, opportunity=deal, lines=[line], price_book=book)
    keys: dict[str, Callable[[], Any]] = {
        "product-detail": lambda: product.pk,
        "price-book-detail": lambda: book.pk,
        "order-edit": lambda: draft.pk,
        "quote-edit": lambda: quote.pk,
        "quote-new": lambda: deal.pk,
        "opportunity-earn": lambda: deal.pk,
        "import-columns": lambda: upload.pk,
        "record-access": lambda: {"kind": "accounts.account", "pk": world.keys["account"]},
        "offboarding": lambda: cast.charlie.pk,
        "statement-publish": lambda: world.keys["statement"],
        **dict.fromkeys(("import-detail", "import-commit", "import-undo", "import-errors"), lambda: run.pk),
        **{f"change-request-{verb}": lambda: change.pk for verb in ("detail", "edit", "measure", "act")},
    }
    keys |= merge_keys(world.keys)
    return walk(World(world.keys), {**keys, **growth_keys(cast), **path_keys(cast), **market_keys(cast)})


def problems(page: Page, source: str) -> list[str]:
    """What is wrong with the page as it stands, wide and on a phone, light and dark."""
    found: list[str] = []
    page.evaluate(source + "; undefined")
    page.evaluate("document.querySelectorAll('main details:not(.menu)').forEach((one) => (one.open = true))")
    page.evaluate(MARK)
    for size, word in ((WIDE, "wide"), (PHONE, "phone")):
        if size is PHONE:
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": size["width"], "height": max(size["height"], int(tall * 2.5))})
        for dark in (False, True):
            page.evaluate(THEME, "dark" if dark else "light")
            lines = page.evaluate(LOOK, [TAGS, dark, size is PHONE])
            found += [f"{word}, {'dark' if dark else 'light'}: {line}" for line in lines]
        if not page.evaluate(FITS):
            found.append(f"{word}: wider than the screen, or a chart than its panel")
    page.set_viewport_size(WIDE)
    return found


@pytest.mark.timeout(600)
def test_every_page_and_dialog_is_accessible_and_fits(visited: Walk, page_as: PageAs, new_page: PageAs) -> None:
    assert len(visited.pages) > 95
    source = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
    strangers: dict[str, Page] = {}
    found = [
        f"No page came up for {name}: give the walk a record of it, or say in CLOSED why it cannot"
        for name in sorted(set(visited.closed) - CLOSED)
    ]
    for seen in visited.pages:
        if seen.person not in strangers:
            options: dict[str, Any] = {"viewport": WIDE, "color_scheme": "light", "reduced_motion": "reduce"}
            strangers[seen.person] = page_as(seen.person, **options) if seen.person else new_page(**options)
            strangers[seen.person].set_default_timeout(30_000)
        found += _walk_to(strangers[seen.person], seen, source)
    assert not found, "\n".join(found)


def _walk_to(page: Page, seen: Seen, source: str) -> list[str]:
    answer = page.goto(seen.path)
    if answer is None or answer.status != 200:
        return [f"{seen.path} answers {answer and answer.status}"]
    return [f"{seen.path} ({seen.name}) {line}" for line in problems(page, source)]
