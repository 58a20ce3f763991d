"""Campaigns, a public form and partners, over leads and deals that the story has told already."""

import os
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from forecasting.demo.people import Cast
from leads import services
from leads.models import Campaign, Lead, PromotionPartner
from revops.catalog.models import Product
from revops.core import clock
from revops.users import services as users

# name, code, kind, channel, days before the end, days it lasts, budget, what was paid
Plan = tuple[str, str, str, str, int, int, int, tuple[tuple[str, int], ...]]
PLANS: tuple[Plan, ...] = (
    ("Spring fleet fair", "spring-fair", "event", "fair", 240, 5, 18_000, (("Stand", 9_500), ("Travel", 3_140))),
    ("Route planning webinar", "routes", "webinar", "web", 150, 30, 6_000, (("Platform", 1_200), ("Speakers", 3_800))),
    ("Autumn fuel offer", "fuel-10", "offer", "email", 25, 60, 12_000, (("Search ads", 4_250), ("Mailing", 1_310))),
    ("Winter tyres", "winter", "advertising", "search", -20, 45, 15_000, ()),
)
CONSENT = "You may write to me about your products. I can take this back at any time."
EACH = 24
LEADS = 1  # the form brings one; what partners register is known already


def promote(cast: Cast, chance: Random, end: datetime) -> None:
    """One campaign analysed, one ended, one live, one planned; touches of leads of their days; two partners."""
    for plan in PLANS:
        _campaign(cast, plan, chance, end)
    with clock.at(end):
        _form(cast)
        _partners(cast)
        for campaign in Campaign.objects.exclude(status=Campaign.Status.ANALYSED):
            services.rollup_campaign(campaign=campaign)


def _campaign(cast: Cast, plan: Plan, chance: Random, end: datetime) -> None:
    name, code, kind, channel, ago, lasts, budget, costs = plan
    start = end - timedelta(days=ago)
    with clock.at(min(start, end)):
        campaign = services.create_campaign(
            actor=cast.people["bob"],
            name=name,
            code=code,
            kind=kind,
            channel=channel,
            starts_on=start.date(),
            ends_on=(start + timedelta(days=lasts)).date(),
            budget=Decimal(budget),
            offer="10 % off the first year" if kind == "offer" else "",
            products=list(Product.objects.order_by("pk")[:2]) if kind == "offer" else [],
            stock_needed=Decimal(400) if ago < 0 else None,
            uplift_pct=Decimal(15) if ago < 0 else None,
        )
        if ago > 0:
            _run(cast, campaign, chance, end, costs)


def _run(cast: Cast, campaign: Campaign, chance: Random, end: datetime, costs: tuple[tuple[str, int], ...]) -> None:
    bob = cast.people["bob"]
    campaign = services.launch_campaign(campaign=campaign, version=campaign.version, actor=bob)
    for source, amount in costs:
        services.record_cost(
            actor=bob, source=source, amount=Decimal(amount), currency="USD", on=clock.today(), campaign=campaign
        )
    begun = clock.now()
    over = min(begun + (campaign.ends_on - campaign.starts_on + timedelta(days=1)), end)
    # Those who came in then, and some who had come before.
    fresh = list(Lead.objects.filter(created_at__range=(begun, over)).order_by("pk")[:EACH])
    before = list(Lead.objects.filter(created_at__lt=begun).order_by("-created_at", "-pk")[: EACH * 2])
    chosen = [*fresh, *chance.sample(before, min(EACH // 2, len(before)))]
    services.add_members(campaign=campaign, actor=bob, leads=chosen)
    kind = "event" if campaign.kind == "event" else "click"
    for lead in chosen:
        if chance.random() < 0.8:
            with clock.at(max(begun, min(lead.created_at + timedelta(minutes=5), over))):
                services.note_touch(actor=bob, campaign=campaign, lead=lead, kind=kind, responded=chance.random() < 0.7)
    if over < end:
        with clock.at(over):
            campaign = services.end_campaign(campaign=campaign, version=None, actor=bob)
    if campaign.kind == "event":
        with clock.at(over + timedelta(days=14)):
            services.rollup_campaign(campaign=campaign)
            services.analyse_campaign(
                campaign=campaign,
                version=None,
                actor=bob,
                findings="Two of three good talks came from the evening before. Smaller stand next time.",
            )


def _form(cast: Cast) -> None:
    form = services.create_form(
        actor=cast.people["olga"],
        name="Talk to us",
        key="talk-to-us",
        source="Web form",
        headline="Talk to us about your fleet",
        intro="One of us answers within a working day.",
        consent_text=CONSENT,
        campaign=Campaign.objects.get(code="fuel-10"),
    )
    services.receive_form(
        form=form,
        name="Marta Lindqvist",
        email="marta@lindqvist-cold.example",
        company="Lindqvist Cold Chain",
        consent=True,
        message="We run 60 vans and lose 8 % of the diesel somewhere. Can you find it?",
        traces={"utm_campaign": "fuel-10", "utm_source": "newsletter", "utm_medium": "email"},
    )


def _partners(cast: Cast) -> None:
    bob = cast.people["bob"]
    north = services.create_partner(
        actor=bob, name="Northway Telematics", tier="gold", fee_pct=Decimal(10), website="https://northway.example"
    )
    harbour = services.create_partner(actor=bob, name="Harbour Advisers", tier="silver", fee_pct=Decimal("7.5"))
    _guest(cast, north)
    known = Lead.objects.open().filter(archived_at__isnull=True).exclude(email="").order_by("-pk").first()
    facts = {
        "company": known.company if known else "Ostkai Logistik GmbH",
        "website": known.website if known else "https://ostkai.example",
        "contact_name": known.name if known else "Jan Petersen",
        "email": known.email if known else "jan@ostkai.example",
    }
    row = services.register_deal(partner=north, actor=bob, amount=Decimal(48_000), currency="USD", **facts)
    services.approve_registration(registration=row, version=row.version, actor=bob)
    services.register_deal(partner=harbour, actor=bob, **facts)  # the first claim protects it
    for partner, company, person, amount in (
        (harbour, "Vale Dairy Transport", "Ruth Vale", 22_000),
        (north, "Kestrel Bus Lines", "Amir Kestrel", 31_500),
    ):
        services.register_deal(
            partner=partner,
            actor=bob,
            company=company,
            contact_name=person,
            email=f"{person.split()[0].lower()}@{company.split()[0].lower()}.example",
            amount=Decimal(amount),
            currency="USD",
        )


def _guest(cast: Cast, partner: PromotionPartner) -> None:
    """Somebody of the partner who looks in from outside, by the name paula."""
    contact = services.add_partner_contact(
        partner=partner, actor=cast.people["bob"], name="Paula Berg", email="paula@northway.example"
    )
    contact = services.open_partner_view(
        contact=contact,
        actor=cast.people["bob"],
        password=os.environ.get("DEMO_PASSWORD", "try-revops-2026"),
    )
    if contact.user is not None:
        users.update_user(user=contact.user, actor=None, username="paula")
