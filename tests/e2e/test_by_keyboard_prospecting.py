"""By keyboard alone: a market is built while one sees who is in it; two accounts become one, and two again."""

from playwright.sync_api import expect

from accounts.models import Account
from leads.models import TargetMarket
from tests.accounts.builders import make_account
from tests.cast import make_cast
from tests.e2e.conftest import PageAs
from tests.e2e.hands import Hands
from tests.e2e.pages import WIDE
from tests.leads.test_markets import make_companies


def test_a_market_is_built_and_two_accounts_are_merged_without_a_mouse(quiet: None, page_as: PageAs) -> None:
    cast, unseen = make_cast(), list[str]()
    make_companies(cast.alice)
    stays = make_account(cast.alice, name="Nordhaven Shipping", phone="+49 40 123456", industry="Freight")
    goes = make_account(cast.alice, name="Nordhaven Shipping Lines", phone="+49 40 654321", industry="Freight")
    olga = Hands(page_as("olga", viewport=WIDE), unseen)
    build(olga)
    merge(olga, stays, goes)
    take_apart(olga, stays, goes)
    assert not unseen, "No ring shows where the focus is:\n" + "\n".join(dict.fromkeys(unseen))


def build(olga: Hands) -> None:
    """Each criterion shows at once who is left; the focus stays where one types."""
    olga.page.goto("/leads/target-markets/new/")
    olga.into_main()
    inside = olga.page.locator("[hx-trigger] .facts dd").first
    for field, text, left in (
        ("Name", "Makers in the West", None),
        ("Industries", "Manufacturing", "8"),
        ("Regions", "US-West, California", "7"),
        ("Employees from", "200", "5"),
        ("Employees to", "2000", "4"),
    ):
        olga.write(field, text)
        if left is not None:
            expect(inside).to_have_text(left)
            assert olga.here()["name"].startswith(field), "the answer takes no focus"
    olga.go("Control+Enter")
    expect(olga.page.locator("h1")).to_contain_text("Makers in the West")
    assert TargetMarket.objects.get().employees_max == 2000


def merge(olga: Hands, stays: Account, goes: Account) -> None:
    """Field by field with the arrows."""
    olga.page.goto(f"/accounts/{stays.pk}/merge/{goes.pk}/")
    olga.into_main()
    olga.tab("Phone")
    olga.press("ArrowRight")
    assert goes.phone in olga.here()["name"], "the arrow chooses the other one's"
    olga.go("Control+Enter")
    expect(olga.page.locator("h1")).to_have_text("Nordhaven Shipping")
    stays.refresh_from_db()
    goes.refresh_from_db()
    assert (stays.phone, goes.merged_into_id) == ("+49 40 654321", stays.pk)


def take_apart(olga: Hands, stays: Account, goes: Account) -> None:
    """The way back stands on the page of the one that stayed."""
    olga.page.wait_for_load_state("networkidle")  # the lists at its side have come
    olga.into_main()
    olga.tab("Take apart")
    olga.go("Enter")
    expect(olga.page.locator("h1")).to_have_text("Nordhaven Shipping Lines")
    stays.refresh_from_db()
    goes.refresh_from_db()
    assert (stays.phone, goes.merged_into_id) == ("+49 40 123456", None)
