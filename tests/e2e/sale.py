"""The first half of the way: from a lead to an accepted quote."""

import io
import re
from typing import Any

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from accounts.models import Account, Contact
from leads.models import Lead
from opportunities.models import Opportunity, Quote
from revops.core import clock
from tests.e2e.conftest import eventually
from tests.e2e.pages import Story, act, button, press, verb
from tests.e2e.test_board import card, drag, lane

K2 = {"needs": "90", "finances": "80", "reputation": "70", "budget": "75", "authority": "70"}


class Sale(Story):
    """sam finds, alice sells, bob approves, olga sets the limit."""

    # Leads ----------------------------------------------------------------------------

    def fill_lead(self, page: Page, first: str, last: str, email: str) -> None:
        page.goto("/leads/new/")
        facts = {"first_name": first, "last_name": last, "email": email, "company": "Nordhaven Shipping"}
        more = {"title": "Fleet director", "industry": "Transport", "employees": "420", "source": "Referral"}
        for name, value in {**facts, **more}.items():
            page.fill(f"[name={name}]", value)
        press(page, "Create lead")

    def make_lead(self) -> None:
        page = self.of("sam")
        self.fill_lead(page, "Ingrid", "Halvorsen", "ingrid@nordhaven.example")
        expect(page.locator("h1")).to_have_text("Ingrid Halvorsen")
        self.lead = Lead.objects.get()

    def suspect_a_twin(self) -> None:
        page = self.of("sam")
        self.fill_lead(page, "I.", "Halvorsen", "Ingrid@Nordhaven.example")
        expect(page.locator(".dup")).to_contain_text("same e-mail")
        expect(page.locator(".dup").get_by_role("link", name="Ingrid Halvorsen")).to_have_attribute(
            "href", self.lead.get_absolute_url()
        )
        assert Lead.objects.count() == 1
        support = self.of("nora")
        self.fill_lead(support, "I.", "Halvorsen", "Ingrid@Nordhaven.example")
        expect(support.locator(".dup")).to_contain_text("Your role does not include creating it twice")
        expect(button(support, "Create anyway")).to_have_count(0)
        press(page, "Create anyway")
        twin = Lead.objects.latest("pk")
        assert twin.pk != self.lead.pk
        expect(page.locator(".dup")).to_contain_text("Ingrid Halvorsen")

    def type_on(self, page: Page, values: dict[str, str]) -> None:
        """As fast as a hand can: each cell saves itself while the next one is typed already."""
        for cell, value in values.items():
            page.fill(cell, value)
            page.press(cell, "Tab")

    def score(self) -> None:
        page = self.of("sam")
        page.goto(self.lead.get_absolute_url())
        cells = {f"#c-{name}": value for name, value in K2.items()}
        last = {"#c-authority": cells.pop("#c-authority")}
        self.type_on(page, cells)
        expect(page.locator("#q-h")).to_have_text("Authority is unanswered, so the lead cannot qualify")
        expect(button(page, "Qualify")).to_have_count(0)
        self.type_on(page, last)
        expect(page.locator("#q-h")).to_have_text("Score 77: this lead qualifies")
        eventually(lambda: self._stored_score() == 77, what="the worker computed no score")
        page.reload()
        facts = page.locator(".keyfacts")
        expect(facts).to_contain_text("77")
        expect(page.locator(".group", has_text="Fit").locator(".count")).to_have_text("grade B, 60 of 100")

    def _stored_score(self) -> Any:
        row = self.lead.qualification_scores.filter(is_current=True).first()
        return row and row.score

    def qualify_and_hand_off(self, *, first: bool) -> None:
        page = self.of("sam")
        page.goto(self.lead.get_absolute_url())
        press(page, "Qualify")
        if first:
            self.type_on(page, {"#id_competition": "Their ERP's own module", "#id_next_step": "Call on Thursday"})
            expect(page.locator(".handoff-card h2")).to_have_text("Ready for a seller")
        page.locator(".record-acts").get_by_role("link", name="Hand off").click()
        page.select_option("[name=to_user]", label="Alice Reed")
        page.fill("[name=note]", "She wants a pilot")
        press(page, "Hand off")
        expect(page.locator(".handoff-card h2")).to_have_text("Waits for Alice Reed")

    def reject(self) -> None:
        page = self.of("alice")
        page.goto("/my-day/")
        expect(page.locator("#main")).to_contain_text("Nordhaven Shipping")
        page.goto("/handoffs/inbox/")
        package = page.locator("#package")
        for text in ("Their ERP's own module", "Call on Thursday", "77", "She wants a pilot", "Transport"):
            expect(package).to_contain_text(text)
        page.locator("#package select[name=reason]").select_option("No one who decides")
        page.locator("#package [name=find_out]").fill("Who signs?")
        press(page, "Reject")
        sam = self.of("sam")
        sam.goto(self.lead.get_absolute_url())
        expect(sam.locator(".note-bad")).to_contain_text("No one who decides: Who signs?")
        assert Lead.objects.get(pk=self.lead.pk).status == Lead.Status.WORKING

    def accept(self) -> None:
        page = self.of("alice")
        page.goto("/handoffs/inbox/")
        press(page, "Accept and open opportunity")
        self.deal = Opportunity.objects.get()
        assert page.url.endswith(self.deal.get_absolute_url())
        assert (Account.objects.count(), Contact.objects.count()) == (1, 1)
        expect(page.locator("h1")).to_contain_text("Nordhaven Shipping")
        sam = self.of("sam")
        sam.goto(self.lead.get_absolute_url())
        expect(sam.locator(".note-ok")).to_contain_text("Nordhaven Shipping")

    # Deal -----------------------------------------------------------------------------

    def move(self) -> None:
        page, name = self.of("alice"), self.deal.name
        page.goto("/opportunities/")
        page.get_by_role("link", name=name).focus()
        for key in ("Space", "ArrowRight", "Space"):
            page.keyboard.press(key)
        expect(lane(page, "discover_needs").locator(".count")).to_have_text("1")
        drag(page, name, "closed_won")
        expect(page.locator("#ask")).to_contain_text("Close as won")  # it takes a quote or a reason
        page.keyboard.press("Escape")
        expect(page.locator("#ask")).not_to_be_visible()
        expect(lane(page, "discover_needs").locator(".count")).to_have_text("1")
        drag(page, name, "pitch")
        ask = page.locator("#ask")
        expect(ask).to_contain_text("Move to Pitch")
        names = ask.locator("input:visible, select:visible").evaluate_all("nodes => nodes.map((node) => node.name)")
        assert sorted(names) == ["amount", "close_on"]
        ask.locator("[name=amount]").fill("30000")
        ask.locator("[name=close_on]").fill(str(clock.today()))
        button(page, "Move").click()
        expect(lane(page, "pitch").locator(".lane-sums b")).to_have_text("$30,000")
        expect(card(page, name)).to_have_count(1)

    def split(self) -> None:
        page = self.of("alice")
        page.goto(f"/opportunities/{self.deal.pk}/splits/")
        rows = page.locator("tbody tr")
        self._share(rows.nth(0), "Alice Reed", "60")
        self._share(rows.nth(1), "Bob Hale", "30")
        press(page, "Save split")
        expect(page.locator(".errors")).to_contain_text("100")
        rows = page.locator("tbody tr")
        self._share(rows.nth(1), "Bob Hale", "40")
        self._share(rows.nth(2), "Sam Ito", "10", kind="Overlay")
        press(page, "Save split")
        expect(page.locator("#main")).to_contain_text("Sam Ito")

    def _share(self, row: Any, person: str, percent: str, kind: str = "") -> None:
        row.locator("select").nth(0).select_option(label=person)
        if kind:
            row.locator("select").nth(1).select_option(label=kind)
        row.locator("input[name^=percent_]").fill(percent)

    # Quote ----------------------------------------------------------------------------

    def make_quote(self, deal: Opportunity, *, with_days: bool, discount: str, say: str) -> None:
        page = self.of("alice")
        page.goto(deal.get_absolute_url())
        page.get_by_role("link", name="New quote").click()
        self._line(page, self.trade.gateway, "100", "20")
        if with_days:
            self._line(page, self.trade.days, "2", "0")
        page.fill("[name=discount]", discount)
        expect(page.locator("#quote-approval")).to_contain_text(say)
        press(page, "Save and submit")

    def _line(self, page: Page, product: Any, quantity: str, percent: str) -> None:
        page.select_option("#add-product", str(product.pk), force=True)
        button(page, "Add product").click()
        name = product.name
        page.get_by_label(f"Quantity of {name}").fill(quantity)
        with page.expect_response(lambda answer: "/live/" in answer.url):
            page.get_by_label(f"Discount on {name}").fill(percent)

    def quote_needs_bob(self) -> None:
        self.make_quote(self.deal, with_days=True, discount="500", say="Low margin")
        self.quote = Quote.objects.get()
        page = self.of("alice")
        expect(page.locator("#quote-totals")).to_contain_text("$30,310.00")
        expect(page.locator("#quote-totals")).to_contain_text("20.9 %")
        expect(page.locator(".record-head")).to_contain_text("In approval")
        bob = self.of("bob")
        bob.goto("/deal-desk/")
        expect(bob.locator("#main")).to_contain_text("margin")
        bob.fill("[name=note]", "For the reference")
        press(bob, "Approve $28,000")
        page.reload()
        expect(page.locator("#main")).to_contain_text("For the reference")
        expect(verb(page, "send")).to_be_visible()

    def olga_changes_the_limit(self) -> None:
        page = self.of("olga")
        page.goto("/admin/opportunities/approvalrule/")
        page.get_by_role("link", name="Low margin", exact=True).click()
        page.fill("[name=margin_below]", "15")
        press(page, "Save")
        alice = self.of("alice")
        alice.goto("/opportunities/new/")
        alice.fill("[name=name]", "Second depot")
        press(alice, "Open opportunity")
        second = Opportunity.objects.get(name="Second depot")
        self.make_quote(second, with_days=False, discount="0", say="obody")
        quote = Quote.objects.get(opportunity=second)
        assert (str(quote.margin_percent), quote.status) == ("19.9", "approved")

    def send_and_accept(self) -> None:
        page = self.of("alice")
        page.goto(self.quote.get_absolute_url())
        act(page, "send")
        self._compare_pdf(page)
        page.locator("[data-open-dialog=accept-quote]").click()
        page.fill("[name=accepted_by_name]", "Ingrid Halvorsen")
        act(page, "accept")
        expect(page.locator(".record-head")).to_contain_text("Accepted")
        page.goto(self.deal.get_absolute_url())
        expect(page.locator(".record-head")).to_contain_text("Won")

    def _compare_pdf(self, page: Page) -> None:
        """Number, lines and totals as on the page."""
        raw = page.request.get(f"/quotes/{self.quote.pk}/pdf/").body()
        text = re.sub(r"\s+", " ", " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(raw)).pages))
        shown = [page.locator("h1").inner_text()]
        shown += page.locator("tbody .name").all_inner_texts() + page.locator("tbody td.last").all_inner_texts()
        shown += page.locator("#quote-totals dd.num, #quote-totals .hero").all_inner_texts()
        assert len(shown) >= 6
        for words in shown:
            assert re.sub(r"\s+", " ", words).strip() in text, (words, text)
