"""Accounts, contacts and leads of the demo."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from accounts.models import Account, Contact
from accounts.services import create_account, create_contact
from forecasting.demo import names
from forecasting.demo.people import Cast
from forecasting.demo.promise import odds
from forecasting.demo.timeline import Timeline
from leads import services as leads
from leads.models import DisqualifyReason, Lead
from opportunities.services.handoffs import accept_handoff
from revops.core import clock, outbox

SELLERS = ("alice", "ben", "charlie", "elif", "bob", "clara")
WEIGHTS = (24, 20, 22, 18, 8, 8)
DEVELOPERS = {"sam": ("alice", "ben", "bob"), "theo": ("charlie", "elif", "clara")}
ROLES = tuple(Contact.Role.values)
CRITERIA = ("needs", "finances", "reputation", "budget", "authority")
TAKEN = 0.85  # of what is qualified; the rest waits to be handed over


@dataclass
class Market:
    """Who might buy: accounts by seller, with their contacts."""

    cast: Cast
    chance: Random
    words: names.Names
    line: Timeline
    accounts: dict[str, list[Account]] = field(default_factory=dict)
    contacts: dict[int, list[Contact]] = field(default_factory=dict)
    conversions: int = 0
    accepted: int = 0
    converted: list[Lead] = field(default_factory=list)
    pursue: Callable[[str, Any], None] | None = None

    def seller(self) -> str:
        """A seller, the busier ones more often."""
        return self.chance.choices(SELLERS, WEIGHTS)[0]

    def settle(self, start: datetime, accounts: int, contacts: int) -> None:
        """Make the accounts with their contacts, a few under a parent, some in euro."""
        with clock.at(start):
            for number in range(accounts):
                self._account(number)
            every = [account for own in self.accounts.values() for account in own]
            for number in range(contacts):
                account = every[number] if number < len(every) else self.chance.choice(every)
                self._contact(account)

    def fill_up(self) -> None:
        """One more account with a contact."""
        self._account(len(SELLERS))
        self._contact(max((account for own in self.accounts.values() for account in own), key=lambda one: one.pk))

    def _account(self, number: int) -> None:
        seller = SELLERS[number] if number < len(SELLERS) else self.seller()
        name, industry = self.words.company()
        own = self.accounts.setdefault(seller, [])
        country = self.chance.choice(names.COUNTRIES)
        account = create_account(
            actor=self.cast.people[seller],
            name=name,
            industry=industry,
            website=f"https://{names.domain(name)}",
            employees=int(self.chance.lognormvariate(5.2, 1.1)) + 5,
            annual_revenue=Decimal(self.chance.randrange(2, 400)) * 1_000_000,
            country=country,
            tier=self.chance.choice("AABBBC"),
            currency="EUR" if country in ("Germany", "France", "Netherlands", "Spain") else "USD",
            parent=own[self.chance.randrange(len(own))] if own and number % 12 == 0 else None,
        )
        own.append(account)

    def _contact(self, account: Account) -> None:
        first, last = self.words.person()
        mine = self.contacts.setdefault(account.pk, [])
        mine.append(
            create_contact(
                actor=account.owner,
                account=account,
                first_name=first,
                last_name=last,
                title=self.chance.choice(names.TITLES),
                email=f"{first}.{last}{len(mine) or ''}@{account.domain}".lower(),
                role=ROLES[len(mine) % len(ROLES)],
                phone=f"+1 202 555 {self.chance.randrange(100, 200):04d}",
            )
        )

    # Leads ----------------------------------------------------------------------------------

    def generate(self, start: datetime, end: datetime, total: int) -> None:
        """Spread leads over the time, more of them lately."""
        span = (end - start).total_seconds()
        for _ in range(total):
            share = self.chance.random() ** 0.7
            moment = self.line.office(start + timedelta(seconds=span * share))
            self.line.at(min(moment, end - timedelta(minutes=30)), self._lead)

    def _lead(self) -> None:
        developer = self.chance.choice(sorted(DEVELOPERS))
        actor = self.cast.people[developer]
        name, industry = self.words.company()
        first, last = self.words.person()
        lead = leads.create_lead(
            actor=actor,
            first_name=first,
            last_name=last,
            company=name,
            email=f"{first}.{last}@{names.domain(name)}".lower(),
            title=self.chance.choice(names.TITLES),
            industry=industry,
            employees=int(self.chance.lognormvariate(5.0, 1.2)) + 3,
            country=self.chance.choice(names.COUNTRIES),
            source=self.chance.choice(names.SOURCES),
            website=f"https://{names.domain(name)}",
        )
        outbox.deliver_due()
        if self.chance.random() < 0.9:
            self.line.after(clock.now(), (0.05, 3), lambda: self._touch(lead, developer))

    def _touch(self, lead: Lead, developer: str) -> None:
        actor = self.cast.people[developer]
        kind, subject = self.chance.choice(names.DONE)
        leads.log_lead_activity(lead=lead, actor=actor, kind=kind, subject=subject.format(first=lead.first_name))
        likely, later = odds(lead), clock.now()
        # What becomes of those who do not answer: from 0 to 1.
        fate = (self.chance.random() - likely) / (1 - likely)
        if fate < 0:
            self.line.after(later, (1, 8), lambda: self._answer(lead, developer))
        elif fate < 0.42:
            self.line.after(later, (1, 14), lambda: self._disqualify(lead, developer))
        elif fate < 0.58:
            self.line.after(later, (1, 10), lambda: self._nurture(lead, developer))
        elif self.line.end - later > timedelta(days=25):
            # Nobody plans for months: what is old by now ended one way or the other.
            ending = self.chance.choice((self._disqualify, self._nurture))
            self.line.after(later, (3, 20), lambda: ending(lead, developer))
        else:
            kind, subject = self.chance.choice(names.NEXT)
            leads.plan_lead_activity(
                lead=lead,
                actor=actor,
                kind=kind,
                subject=subject.format(first=lead.first_name),
                due_at=self.line.office(later + timedelta(days=self.chance.uniform(0.5, 12))),
            )

    def _answer(self, lead: Lead, developer: str) -> None:
        actor = self.cast.people[developer]
        good = self.chance.random() < 0.7
        low, high = (78, 96) if good else (35, 80)
        answers = {name: Decimal(self.chance.randrange(low, high)) for name in CRITERIA}
        if not good and self.chance.random() < 0.5:
            answers.pop(self.chance.choice(CRITERIA))
        lead.refresh_from_db()
        leads.answer_criteria(lead=lead, version=None, actor=actor, answers=answers)
        if good:
            leads.update_lead(
                lead=lead,
                version=None,
                actor=actor,
                competition=self.chance.choice(names.COMPETITION),
                next_step="Meet the operations team",
            )
        outbox.deliver_due()
        if good:
            self.line.after(clock.now(), (0.1, 2), lambda: self._qualify(lead, developer))

    def _qualify(self, lead: Lead, developer: str) -> None:
        actor = self.cast.people[developer]
        leads.score_qualification(lead=lead)
        leads.qualify_lead(lead=lead, version=None, actor=actor)
        if len(self.converted) < self.conversions and self.chance.random() < TAKEN:
            self.converted.append(lead)
            self.line.after(clock.now(), (0.05, 1), lambda: self._hand_off(lead, developer))

    def _hand_off(self, lead: Lead, developer: str) -> None:
        seller = self.chance.choice(DEVELOPERS[developer])
        handoff = leads.submit_handoff(
            lead=lead, to_user=self.cast.people[seller], version=None, actor=self.cast.people[developer]
        )
        outbox.deliver_due()
        self.line.after(clock.now(), (0.02, 0.4), lambda: self._accept(handoff, seller))

    def _accept(self, handoff: Any, seller: str) -> None:
        if self.chance.random() < 0.06:
            self.converted.remove(handoff.lead)
            leads.reject_handoff(
                handoff=handoff,
                version=None,
                actor=self.cast.people[seller],
                reason="No budget before next year, call again in spring.",
            )
            return
        deal = accept_handoff(handoff=handoff, version=None, actor=self.cast.people[seller])
        outbox.deliver_due()
        self.accepted += 1
        if self.pursue:
            self.pursue(seller, deal)

    def _disqualify(self, lead: Lead, developer: str) -> None:
        lead.refresh_from_db()
        reasons = list(DisqualifyReason.objects.filter(is_active=True).order_by("pk"))
        leads.disqualify_lead(
            lead=lead, version=None, actor=self.cast.people[developer], reason=self.chance.choice(reasons)
        )

    def _nurture(self, lead: Lead, developer: str) -> None:
        leads.nurture_lead(lead=lead, version=None, actor=self.cast.people[developer])
