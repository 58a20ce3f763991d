"""From lead to cash with the keyboard alone: no click, no field filled by the machine, from the sign-in on."""

import pytest
from playwright.sync_api import expect

from forecasting.models.ledger import LedgerEntry
from leads.models import Lead
from opportunities.models import Opportunity, Quote
from orders.models import Invoice, Order, Payment
from tests.builders import PASSWORD
from tests.e2e.conftest import PageAs, eventually
from tests.e2e.hands import Hands
from tests.e2e.pages import WIDE
from tests.e2e.trade import open_for_business

ANSWERS = {"Needs": "90", "Finances": "80", "Reputation": "70", "Budget": "75", "Authority": "70"}


@pytest.fixture
def hands(quiet: None, new_page: PageAs) -> dict[str, Hands]:
    """Everybody at a keyboard, signed out."""
    open_for_business()
    unseen: list[str] = []
    people = {}
    for name in ("sam", "alice", "bob", "erin"):
        people[name] = Hands(new_page(viewport=WIDE), unseen)
    return people


def test_lead_to_cash_with_the_keyboard_alone(hands: dict[str, Hands]) -> None:
    sam, alice, bob, erin = (hands[name] for name in ("sam", "alice", "bob", "erin"))
    for name, person in hands.items():
        person.sign_in(name, PASSWORD)
    qualify(sam)
    accept(alice)
    quote(alice)
    approve(bob)
    sell(alice)
    deliver(erin)
    bill(erin)
    earn(alice)
    assert not sam.unseen, "No ring shows where the focus is:\n" + "\n".join(dict.fromkeys(sam.unseen))


def qualify(sam: Hands) -> None:
    """A lead is written down, questioned, qualified and handed off."""
    sam.go("c", "l")
    sam.into_main()
    for field, text in (
        ("First name", "Ingrid"),
        ("Last name", "Halvorsen"),
        ("Company", "Nordhaven Shipping"),
        ("E-mail", "ingrid@nordhaven.example"),
    ):
        sam.write(field, text)
    sam.go("Control+Enter")
    expect(sam.page.locator("h1")).to_have_text("Ingrid Halvorsen")
    lead = Lead.objects.get()
    sam.into_main()
    for field, text in ANSWERS.items():
        sam.write(f"{field}$", text)
    sam.press("Tab")
    expect(sam.page.locator("#q-h")).to_have_text("Score 77: this lead qualifies")
    expect(sam.page.get_by_role("button", name="Qualify", exact=True)).to_be_visible()  # no link to what is missing
    sam.menu("qualify")
    sam.into_main()
    sam.write("Competition|Competitive", "Their ERP's own module")
    sam.write("Next step", "Call on Thursday")
    sam.press("Tab")
    expect(sam.page.locator(".handoff-card h2")).to_have_text("Ready for a seller")
    sam.menu("hand off")
    sam.into_main()
    sam.tab("To|Seller|Who")
    sam.keyboard.type("Alice")
    sam.write("A word to them", "She wants a pilot")
    sam.go("Control+Enter")
    expect(sam.page.locator(".handoff-card h2")).to_have_text("Waits for Alice Reed")
    lead.refresh_from_db()
    assert lead.status == Lead.Status.QUALIFIED


def accept(alice: Hands) -> None:
    """It stands on her day; she opens it and takes it."""
    alice.go("g", "d")
    alice.into_main()
    alice.tab(".*Nordhaven")
    alice.go("Enter")
    alice.into_main()
    alice.tab("Accept and open opportunity")
    alice.go("Enter")
    expect(alice.page.locator("h1")).to_contain_text("Nordhaven Shipping")
    assert Opportunity.objects.count() == 1


def quote(alice: Hands) -> None:
    """Two products, a discount, saved and submitted."""
    alice.menu("new quote")
    alice.into_main()
    for product, quantity, discount in (("gateway", "100", "20"), ("implementation", "2", "")):
        alice.tab("Add a product")
        alice.keyboard.type(product)
        alice.press("Enter")
        alice.tab("Add product")
        alice.press("Enter")
        alice.comes_to(f"Quantity of .*{product}")
        alice.press("Control+a")
        alice.keyboard.type(quantity)
        if discount:
            alice.write("Discount on", discount)
    alice.write("Discount on the whole", "500")
    expect(alice.page.locator("#quote-approval")).to_contain_text("Low margin")
    alice.tab("Save and submit", back=True)
    alice.go("Enter")
    expect(alice.page.locator(".record-head")).to_contain_text("In approval")
    assert str(Quote.objects.get().net) == "28000.000"


def approve(bob: Hands) -> None:
    """The deal desk, with a word to it."""
    bob.menu("deal desk")
    bob.into_main()
    bob.write("Note", "For the reference")
    bob.tab("Approve")
    bob.go("Enter")
    assert Quote.objects.get().status == Quote.Status.APPROVED


def sell(alice: Hands) -> None:
    """Sent, and accepted in a dialog that takes the focus."""
    alice.go("g", "q")
    alice.press("j")
    alice.go("Enter")
    alice.into_main()
    alice.tab("Send")
    alice.go("Enter")
    alice.into_main()
    alice.tab("Accepted")
    alice.press("Enter")
    alice.page.wait_for_selector("#accept-quote[open]")
    alice.press("Escape")
    assert alice.here()["name"] == "Accepted", "a dialog gives the focus back"
    alice.press("Enter")
    alice.page.wait_for_selector("#accept-quote[open]")
    assert alice.here()["tag"] == "input", "a dialog begins at its first field"
    alice.keyboard.type("Ingrid Halvorsen")
    alice.go("Enter")
    expect(alice.page.locator(".record-head")).to_contain_text("Accepted")


def deliver(erin: Hands) -> None:
    """The order, found in its list."""
    order = eventually(lambda: Order.objects.filter(status="booked").first(), what="no order")
    erin.go("g", "r")
    erin.press("j")
    assert order.number in erin.here()["name"]
    erin.go("Enter")
    erin.into_main()
    erin.write("Carrier", "DHL")
    erin.go("Control+Enter")
    expect(erin.page.locator(".record-head")).to_contain_text("Fulfilled")


def bill(erin: Hands) -> None:
    """A draft, its number, the money."""
    erin.menu("draft invoice")
    erin.menu("issue")
    invoice = Invoice.objects.get()
    expect(erin.page.locator("h1")).to_have_text(str(invoice.number))
    erin.menu("book a payment")
    erin.into_main()
    erin.write("Bank reference", "BANK-1")
    erin.go("Control+Enter")
    expect(erin.page.locator(".record-head")).to_contain_text("Paid")
    assert Payment.objects.get().allocated == invoice.total


def earn(alice: Hands) -> None:
    """What it pays her, by the command menu."""
    eventually(lambda: LedgerEntry.objects.filter(payee__username="alice").exists(), what="nothing was earned")
    alice.menu("my commission")
    expect(alice.page.locator("#commission")).to_have_text("$560.00")
