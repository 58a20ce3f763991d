"""Opportunities of the demo and what becomes of them: moves, quotes, orders, invoices, payments."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from forecasting.demo import names
from forecasting.demo.market import Market
from forecasting.demo.people import Cast
from forecasting.demo.timeline import Timeline
from opportunities import services as deals
from opportunities.models import LossReason, Opportunity, Quote
from orders import services as orders
from orders.models import Order
from revops.core import clock, outbox

STAGES = ("engage", "discover_needs", "develop_proposal", "pitch", "negotiate")
APPROVERS = {"Deal desk": "olga", "Finance": "erin", "Executive": "dana"}
WIN_RATE = 0.36


@dataclass
class Plan:
    """What is to become of a deal."""

    deal: Opportunity
    seller: str
    lines: list[dict[str, Any]]
    won: bool
    lost_in: int
    pace: float


class Deals:
    """Opens deals over the time and lets them take their course."""

    def __init__(self, cast: Cast, chance: Random, line: Timeline, market: Market) -> None:
        self.cast, self.chance, self.line, self.market = cast, chance, line, market
        self.reasons = list(LossReason.objects.order_by("pk"))
        self._payments = 0

    def generate(self, start: datetime, end: datetime, total: int) -> None:
        """Open deals evenly over the time."""
        span = (end - start).total_seconds()
        for _ in range(total):
            self.line.at(self.line.office(start + timedelta(seconds=span * self.chance.random())), self.open)

    def open(self) -> None:
        """A new deal with an account of a seller."""
        seller = self.market.seller()
        actor = self.cast.people[seller]
        account = self.chance.choice(self.market.accounts[seller])
        people = self.market.contacts.get(account.pk)
        lines, scale = self._lines()
        deal = deals.create_opportunity(
            actor=actor,
            name=self.chance.choice(names.PROJECTS).format(n=scale),
            account=account,
            contact=self.chance.choice(people) if people else None,
            amount=self._worth(lines),
            currency="USD",
            close_on=(clock.now() + timedelta(days=self.chance.randrange(35, 95))).date(),
            kind=self.chance.choices(("new", "upsell", "cross_sell", "renewal"), (62, 18, 12, 8))[0],
            source=self.chance.choice(names.SOURCES),
        )
        self._course(Plan(deal, seller, lines, *self._fate()))

    def pursue(self, seller: str, deal: Opportunity) -> None:
        """A deal that came by handoff gets its figures at once."""
        lines, scale = self._lines()
        deal = deals.update_opportunity(
            opportunity=deal,
            version=None,
            actor=self.cast.people[seller],
            name=self.chance.choice(names.PROJECTS).format(n=scale),
            amount=self._worth(lines),
            currency="USD",
            close_on=(clock.now() + timedelta(days=self.chance.randrange(35, 95))).date(),
        )
        self._course(Plan(deal, seller, lines, *self._fate()))

    def _fate(self) -> tuple[bool, int, float]:
        won = self.chance.random() < WIN_RATE
        return won, self.chance.choices(range(1, 6), (30, 26, 18, 14, 12))[0], self.chance.uniform(0.6, 1.8)

    def _lines(self) -> tuple[list[dict[str, Any]], int]:
        """What is offered: seats for a year, or hardware, with the days to set it up."""
        scale = max(6, int(self.chance.lognormvariate(4.4, 0.75)))
        sku = self.chance.choice(("DC-SEAT", "DC-SEAT", "FA-SEAT", "RP-VAN"))
        discount = Decimal(self.chance.choice((0, 0, 0, 5, 8, 10, 12)))
        lines = [self._line(sku, scale, discount)]
        if self.chance.random() < 0.55:
            lines.append(self._line("TG-200", scale, discount))
        if self.chance.random() < 0.6:
            lines.append(self._line("SV-IMPL", self.chance.randrange(2, 14), Decimal(0)))
        if self.chance.random() < 0.25:
            lines.append(self._line("SV-PREM", 1, Decimal(0)))
        return lines, scale

    def _line(self, sku: str, quantity: int, discount: Decimal) -> dict[str, Any]:
        return {"product": self.cast.products[sku], "quantity": Decimal(quantity), "discount_percent": discount}

    def _worth(self, lines: list[dict[str, Any]]) -> Decimal:
        assert self.cast.book is not None
        prices = dict(self.cast.book.entries.values_list("product_id", "list_price"))
        total = sum(
            prices[line["product"].pk] * line["quantity"] * (100 - line["discount_percent"]) / 100 for line in lines
        )
        return Decimal(total).quantize(Decimal("0.01"))

    # The course of a deal ---------------------------------------------------------------------

    def _course(self, plan: Plan) -> None:
        self._talk(plan)
        self.line.after(clock.now(), (2 * plan.pace, 14 * plan.pace), lambda: self._step(plan, 1))

    def _step(self, plan: Plan, stage: int) -> None:
        """Move on, lose it here, or win it at the end."""
        actor = self.cast.people[plan.seller]
        plan.deal.refresh_from_db()
        if not plan.won and stage == plan.lost_in:
            deals.move_opportunity(
                opportunity=plan.deal,
                stage="closed_lost",
                version=None,
                actor=actor,
                loss_reason=self.chance.choice(self.reasons),
            )
            outbox.deliver_due()
            return
        if stage == len(STAGES):
            self._offer(plan)
            return
        deals.move_opportunity(opportunity=plan.deal, stage=STAGES[stage], version=None, actor=actor)
        if self.chance.random() < 0.5:
            self._talk(plan)
        self.line.after(clock.now(), (3 * plan.pace, 16 * plan.pace), lambda: self._step(plan, stage + 1))

    def _talk(self, plan: Plan) -> None:
        """Log what was said; in the last weeks also plan what comes next."""
        actor, deal = self.cast.people[plan.seller], plan.deal
        first = deal.contact.first_name if deal.contact else "the buyer"
        kind, subject = self.chance.choice(names.DONE)
        deals.log_on_opportunity(
            opportunity=deal,
            actor=actor,
            kind=kind,
            subject=subject.format(first=first),
            minutes=self.chance.choice((10, 15, 30, 45, 60)),
        )
        if self.line.end - clock.now() < timedelta(days=16) and self.chance.random() < 0.75:
            kind, subject = self.chance.choice(names.NEXT)
            due = self.line.end + timedelta(days=self.chance.triangular(-4, 12, 1))
            deals.plan_on_opportunity(
                opportunity=deal,
                actor=actor,
                kind=kind,
                subject=subject.format(first=first),
                due_at=max(self.line.office(due), clock.now() + timedelta(hours=1)),
            )

    def _offer(self, plan: Plan) -> None:
        """Quote, have it approved, send it."""
        actor = self.cast.people[plan.seller]
        plan.deal.refresh_from_db()
        quote = deals.create_quote(actor=actor, opportunity=plan.deal, lines=plan.lines, price_book=self.cast.book)
        quote = deals.submit_quote(quote=quote, version=quote.version, actor=actor)
        self.line.after(clock.now(), (0.1, 1.5), lambda: self._answer(plan, quote))

    def _answer(self, plan: Plan, quote: Quote) -> None:
        quote.refresh_from_db()
        actor = self.cast.people[plan.seller]
        if quote.status == Quote.Status.IN_APPROVAL and not self._approve(quote):
            return
        quote.refresh_from_db()
        quote = deals.send_quote(quote=quote, version=quote.version, actor=actor)
        self.line.after(clock.now(), (1, 9), lambda: self._sign(plan, quote))

    def _approve(self, quote: Quote) -> bool:
        """Each approver in turn; the last days' requests are still waiting."""
        if self.line.end - clock.now() < timedelta(days=4):
            return False
        approval = quote.approvals.get(status__in=("submitted", "in_review"))
        for step in approval.steps.order_by("position"):
            person = step.approver or self.cast.people[APPROVERS[step.role]]
            if person.pk == approval.submitted_by_id:
                return False
            approval.refresh_from_db()
            deals.approve_quote_step(
                approval=approval, version=approval.version, actor=person, note="Fine for this account."
            )
        return True

    def _sign(self, plan: Plan, quote: Quote) -> None:
        quote.refresh_from_db()
        contact = plan.deal.contact
        deals.accept_quote(
            quote=quote,
            version=quote.version,
            actor=self.cast.people[plan.seller],
            accepted_by_name=str(contact) if contact else "Purchasing",
        )
        outbox.deliver_due()
        order = Order.objects.get(quote=quote)
        self.line.after(clock.now(), (1, 12), lambda: self._deliver(order))

    # After the sale ---------------------------------------------------------------------------

    def _deliver(self, order: Order) -> None:
        order.refresh_from_db()
        erin = self.cast.people["erin"]
        lines = [{"line": line, "quantity": line.quantity} for line in order.lines.all()]
        if self.chance.random() < 0.15:
            lines = lines[:1]
        orders.fulfil_order(order=order, lines=lines, version=order.version, actor=erin, carrier="Parcel Service")
        outbox.deliver_due()
        self.line.after(clock.now(), (0.5, 4), lambda: self._bill(order))

    def _bill(self, order: Order) -> None:
        erin = self.cast.people["erin"]
        invoice = orders.draft_invoice(order=order, actor=erin)
        invoice = orders.issue_invoice(invoice=invoice, version=invoice.version, actor=erin)
        outbox.deliver_due()
        if self.chance.random() < 0.9:
            self.line.after(clock.now(), (9, 55), lambda: self._pay(invoice))

    def _pay(self, invoice: Any) -> None:
        erin = self.cast.people["erin"]
        self._payments += 1
        part = Decimal(1) if self.chance.random() < 0.92 else Decimal("0.4")
        amount = (invoice.total * part).quantize(Decimal("0.01"))
        payment = orders.receive_payment(
            actor=erin,
            account=invoice.account,
            amount=amount,
            currency=invoice.currency,
            reference=f"BANK-{self._payments:05d}",
        )
        invoice.refresh_from_db()
        orders.allocate_payment(payment=payment, invoice=invoice, amount=amount, version=payment.version, actor=erin)
        outbox.deliver_due()
