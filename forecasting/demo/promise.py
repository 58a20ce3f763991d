"""Who answers and who buys: the same odds for the leads of the story and for those of the years before, so that a model
has something to learn. Nobody is sure: much stays chance.
"""

from datetime import datetime, timedelta
from math import exp
from random import Random

from accounts.keys import lead_keys, take_keys
from accounts.models import Contact
from forecasting.demo import names
from forecasting.demo.people import Cast
from leads.models import DisqualifyReason, Lead

PAST = 2_600
SYSTEM = "Old CRM"
USUAL = -0.9
SOURCES = {"Referral": 1.8, "Partner": 1.3, "Web form": 0.3, "Webinar": -0.4, "Trade fair": -1.0, "Outbound": -2.1}
INDUSTRIES = {
    "Logistics": 1.3, "Utilities": 0.7, "Construction": 0.6, "Food": 0.3, "Health care": -0.6, "Hospitality": -0.8,
    "Education": -1.0, "Insurance": -1.3,
}  # fmt: skip
COUNTRIES = {"United States": 0.4, "Canada": 0.4, "Spain": -0.6}
DECIDES = frozenset({"Operations director", "Chief operating officer", "Fleet manager", "Managing director"})
LARGE, SMALL = 200, 50
# Of those who answer well, how many become customers in the story: good talk, taken over, accepted.
BUYS = 0.56


def odds(lead: Lead) -> float:
    """How likely a lead is to answer."""
    size = 0.0 if lead.employees is None else 0.9 if lead.employees >= LARGE else -1.1 if lead.employees < SMALL else 0
    title = 0.8 if lead.title in DECIDES else -0.8
    fit = INDUSTRIES.get(lead.industry, 0.0) + COUNTRIES.get(lead.country, 0.0) + size + title
    return 1 / (1 + exp(-(USUAL + SOURCES.get(lead.source, 0.0) + fit)))


def remember(cast: Cast, chance: Random, start: datetime, end: datetime, total: int) -> int:
    """Leads that ended before this system was here: read in, put away, and what a model learns from.

    They stand in no list: whoever looks for archived leads finds them.
    """
    people = list(Contact.objects.select_related("account").order_by("pk"))
    reasons = list(DisqualifyReason.objects.filter(is_active=True).order_by("pk"))
    developers = cast.of("sam", "theo")
    rows = []
    for number in range(total if people else 0):
        lead = _known(chance, start + (end - start) * chance.random())
        lead.owner, lead.archived_at = chance.choice(developers), end
        lead.external_system, lead.external_id = SYSTEM, f"L{number + 1:05d}"
        ended = min(lead.created_at + timedelta(days=chance.uniform(4, 40)), end)
        lead.updated_at = ended
        if chance.random() < BUYS * odds(lead):
            _won(lead, chance.choice(people), ended)
        else:
            lead.status, lead.disqualify_reason = Lead.Status.DISQUALIFIED, chance.choice(reasons)
        take_keys(lead, lead_keys(lead))
        rows.append(lead)
    return len(Lead.objects.bulk_create(rows, batch_size=1000))


def _known(chance: Random, at: datetime) -> Lead:
    industry = chance.choice(sorted(names.ENDINGS))
    company = f"{chance.choice(names.STEMS)} {chance.choice(names.ENDINGS[industry])}"
    first, last = chance.choice(names.FIRST), chance.choice(names.LAST)
    return Lead(
        created_at=at,
        first_name=first,
        last_name=last,
        company=company,
        email=f"{first}.{last}@{names.domain(company)}".lower(),
        title=chance.choice(names.TITLES),
        industry=industry,
        employees=int(chance.lognormvariate(5.0, 1.2)) + 3,
        country=chance.choice(names.COUNTRIES),
        source=chance.choice(names.SOURCES),
        website=f"https://{names.domain(company)}",
    )


def _won(lead: Lead, contact: Contact, at: datetime) -> None:
    """Of a customer of today, by the name that stands there."""
    lead.status, lead.qualified_at, lead.converted_at = Lead.Status.CONVERTED, at, at
    lead.account, lead.contact, lead.company = contact.account, contact, contact.account.name
    lead.first_name, lead.last_name, lead.email = contact.first_name, contact.last_name, contact.email
    lead.website = contact.account.website
