"""The second half of the way: from the accepted quote to money, pay and forecast."""

import re

from playwright.sync_api import Page, expect

from accounts.models import Account
from forecasting.models import Statement
from opportunities.models import Opportunity
from orders.models import Invoice, Order
from postsales.models import SupportCase
from revops.core import clock
from revops.core.organisation import month_of
from tests.e2e.conftest import eventually
from tests.e2e.pages import Story, act, button, press
from tests.e2e.trade import Caller


class Cash(Story):
    """erin delivers and bills, alice helps, olga closes the month, everybody reads the figures."""

    deal: Opportunity

    def fulfil(self) -> None:
        self.order: Order = eventually(lambda: Order.objects.filter(opportunity=self.deal).first(), what="no order")
        page = self.of("erin")
        page.goto("/orders/")
        page.get_by_role("link", name=self.order.number).click()
        expect(page.locator("h1")).to_have_text(self.order.number)
        expect(page.locator(".keyfacts")).to_contain_text("$30,310")
        page.fill("[name=carrier]", "DHL")
        act(page, "fulfil")
        expect(page.locator(".record-head")).to_contain_text("Fulfilled")

    def bill(self) -> None:
        page = self.of("erin")
        act(page, "invoice")
        expect(page.locator("h1")).to_contain_text("Draft")
        act(page, "issue")
        invoice = Invoice.objects.get()
        expect(page.locator("h1")).to_have_text(str(invoice.number))
        assert str(invoice.number).endswith("00001")
        page.locator("a[href*='payments/new/?invoice=']").first.click()
        page.fill("[name=reference]", "BANK-1")
        press(page, "Book payment")
        expect(page.locator(".record-head")).to_contain_text("Paid")
        still_open = page.locator(".keyfacts > div", has_text="Open").locator("dd")
        expect(still_open).to_have_text(re.compile(r"^\s*\$0(\.00)?\s*$"))
        page.goto(f"/billing/aging/?account={self.order.account_id}")
        expect(page.locator("#main")).not_to_contain_text("30,310")
        page.goto(self.order.get_absolute_url())
        trace = page.locator(".group", has_text="From quote to cash")
        expect(trace.locator(".ti-circle-dashed")).to_have_count(0)

    def help(self) -> None:
        page, account = self.of("alice"), Account.objects.get()
        page.goto(f"/support/new/?account={account.pk}")
        page.fill("[name=subject]", "Gateway offline")
        page.select_option("[name=priority]", "P2")
        press(page, "Open case")
        assert SupportCase.objects.get().account_id == account.pk
        level = page.locator(".group", has_text="Service level")
        expect(level.locator(".sla")).to_have_count(2)
        expect(level).to_contain_text("due")
        button(page, "Answer").click()
        page.locator("dialog[open] [name=body]").fill("Power-cycle it, please")
        page.locator("dialog[open]").get_by_role("button", name="Answer").click()
        expect(page.locator("#main")).to_contain_text("Power-cycle it, please")
        page.goto(account.get_absolute_url())
        expect(page.locator("#main").get_by_role("link", name="Gateway offline")).to_be_visible()

    # Pay ------------------------------------------------------------------------------

    def earn(self) -> None:
        """The running month shows each order line behind the figure before anything is published."""
        page = self.of("alice")
        page.goto("/comp/statements/me/")
        expect(page.locator("#commission")).to_have_text("$336.00")
        self._lines(page)

    def _lines(self, page: Page) -> None:
        rows = page.locator("#lines tbody tr:not(.explain)")
        expect(rows).to_have_count(2)
        for text in (self.order.number, "Nordhaven Shipping", "60 %"):
            expect(rows.first).to_contain_text(text)
        expect(page.locator("#lines tfoot")).to_contain_text("16,800.00")
        expect(page.locator("#lines tfoot")).to_contain_text("336.00")

    def publish(self) -> None:
        """olga closes the months up to this one in the administration."""
        page = self.of("olga")
        for name in ("Calculate and put in review", "Publish statements and close"):
            page.goto("/admin/forecasting/fiscalperiod/?kind__exact=month&o=3")
            month = month_of(clock.today()).label
            for row in page.locator("#result_list tbody tr").all():
                if row.locator(".field-label").inner_text() <= month:
                    row.locator("input.action-select").check()
            page.select_option("select[name=action]", label=name)
            with page.expect_navigation():
                page.locator("button[name=index]").click()
            expect(page.locator(".messagelist .error")).to_have_count(0)
        told = Statement.objects.filter(status="published", period__label=month_of(clock.today()).label)
        assert {"alice", "bob"} <= set(told.values_list("payee__username", flat=True))
        self.statement = told.get(payee__username="alice")

    def read_statement(self, root: str) -> None:
        page, place = self.of("alice"), f"/comp/statements/{self.statement.pk}/"
        page.goto("/comp/statements/")
        page.locator(f"a[href='{place}']").first.click()
        expect(page.locator("#commission")).to_have_text("$336.00")
        self._lines(page)
        body = Caller(root, self.trade.cast.alice).get(place.rstrip("/"))
        assert body["earned"] == {"amount": "336.00", "currency": "USD"}
        assert [line["order_number"] for line in body["lines"]] == [self.order.number] * 2
        for reader, status in (("sam", 404), ("erin", 200), ("bob", 200)):
            answer = self.of(reader).goto(place)
            assert answer and answer.status == status, reader

    # Figures --------------------------------------------------------------------------

    def forecast(self) -> None:
        page = self.of("bob")
        page.goto("/forecast/")
        closed = page.locator("tr", has_text="Alice Reed").locator("td").nth(2)
        expect(closed).to_have_text("$16,800")
        closed.get_by_role("link").click()
        expect(page.locator("#main")).to_contain_text(self.deal.name)

    def figures_open_their_rows(self) -> None:
        page = self.of("bob")
        page.goto("/dashboard/")
        links = page.locator(".kpis a, .funnel a, .dtable a.drill").evaluate_all("all => all.map((one) => one.href)")
        assert len(links) >= 6
        won = page.locator(".kpis > *", has_text="Won").first
        expect(won).to_contain_text("28,000")
        for link in sorted(set(links)):
            answer = page.request.get(link)
            assert answer.ok, f"{link}: {answer.status}"
        page.goto("/my-day/")
        expect(page.locator("h1")).to_contain_text("Bob")
