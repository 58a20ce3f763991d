"""Before anybody sells: markets, research, data, duplicates, routing and goals, so that their pages show how they work.

Everything hangs on leads that the story has told; `LEADS` more come of a delivery and of twins.
"""

import io
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db.models import Q

from forecasting.demo.people import Cast
from forecasting.models import FiscalPeriod
from forecasting.services import goals
from leads import services
from leads.models import (
    Competitor,
    DataSource,
    Lead,
    MarketFact,
    ResearchPartner,
    RoutingPool,
    RoutingRule,
    ScoringModel,
)
from leads.selectors.quality import RULES
from leads.services.enrichment import Found, claim_enrichment, settle_enrichment
from leads.services.learning import publish_model, start_training
from revops.core import clock, jobs
from revops.core.models import JobRun
from revops.users.models import User

FINDINGS = (
    # topic, what, where it stands, how sure, days ago, days until it runs out (below 0: it has)
    ("who", "Family firm in the third generation, four depots, 140 vehicles of their own.", "Their web site, About",
     "high", 40, 300),
    ("needs", "Night tours come back half empty; dispatch plans on paper.", "Call with the fleet manager",
     "high", 12, 90),
    ("financial", "Revenue grew by 11 % last year, equity ratio 34 %.", "Annual accounts, commercial register",
     "medium", 200, -4),
    ("competitor", "WayTrace holds the telematics contract until March.", "Job advert for a WayTrace administrator",
     "medium", 25, 120),
)  # fmt: skip
RIVALS = (
    ("WayTrace", "https://waytrace.example", "Large installed base, cheap gateways", "No planning, dated driver app",
     ["WayTrace One", "WayTrace Live"]),
    ("Fleetmind", "https://fleetmind.example", "Strong in North America, good reports", "No support in Europe",
     ["Fleetmind Suite"]),
    ("Routenwerk", "https://routenwerk.example", "Best planner for parcels", "No hardware, few integrations",
     ["Routenwerk Planer"]),
)  # fmt: skip
DELIVERY = (
    "company,first name,last name,email,phone,industry,employees,country\n"
    "Bergtal Kraftverkehr,Jonas,Amrein,j.amrein@bergtal.example,+41 44 668 18 00,Logistics,220,Switzerland\n"
    "Port Isaac Seafreight,Kerensa,Hocking,k.hocking@isaacsea.example,+44 20 7946 0321,Logistics,85,United Kingdom\n"
    "{known},Somebody,Known,{email},,Logistics,120,Germany\n"
    "Meridian Bulk,Ana,Reis,a.reis@meridianbulk.example,,Logistics,about forty,Spain\n"
)


# What a second record of the same person says otherwise.
TWINS: tuple[dict[str, str], ...] = (
    {"source": "Trade fair", "first_name": "{initial}."},
    {"source": "Web form", "email": "", "phone": "+1 202 555 0187"},
    {"source": "Referral", "company": "{company} Ltd"},
)
SPOILT: tuple[dict[str, Any], ...] = ({"phone": "ask reception"}, {"industry": ""}, {"country": ""})
LEADS = 2 + len(TWINS)  # two of the delivery's rows are new


@dataclass(frozen=True)
class _Stage:
    """The leads that things happen to, newest first."""

    cast: Cast
    worked: list[Lead]

    def who(self, name: str) -> User:
        return self.cast.people[name]


def prospect(cast: Cast) -> None:
    """Everything that comes before a deal, as it stands on the last day."""
    rows = Lead.objects.filter(owner__isnull=False, archived_at__isnull=True).select_related("owner")
    going = Q(status__in=(Lead.Status.WORKING, Lead.Status.NEW))
    worked = [*rows.filter(going).order_by("-status", "-pk")[:12], *rows.exclude(going).order_by("-pk")[:4]]
    stage = _Stage(cast, worked)
    _know(stage)
    _buy_records(stage)
    _aim(stage)
    _research(stage)
    _enrich(stage)
    _repeat(stage)
    _spoil(stage)
    _route(stage)
    _hand_over(stage)
    _set_goals(stage)


def learn(cast: Cast) -> None:
    """A model of the past leads; in use if it is good enough, else its page says why not."""
    job = start_training(actor=cast.people["olga"])
    jobs.run(str(job.pk))
    good = ScoringModel.objects.filter(status__in=(ScoringModel.Status.READY, ScoringModel.Status.OK))
    best = max(good, key=lambda model: model.metrics["auc"], default=None)
    if best is not None:
        publish_model(model=best, version=best.version, actor=cast.people["olga"])
        _finish("leads.score_propensity")


def _finish(kind: str) -> None:
    """Have the jobs of a kind done now: nobody waits for a worker while a story is told."""
    waiting = JobRun.objects.filter(kind=kind, state=JobRun.State.QUEUED)
    for pk in waiting.order_by("created_at").values_list("pk", flat=True):
        jobs.run(str(pk))


def _know(stage: _Stage) -> None:
    """What is known of the market, and from where."""
    olga, today = stage.who("olga"), clock.today()
    sources = {
        name: services.create_setting(record=DataSource(name=name, kind=kind, url=url), actor=olga)
        for name, kind, url in (
            ("Transport statistics office", "public", "https://statistics.example/transport"),
            ("Fleet Software Report", "study", "https://fleetreport.example"),
            ("Trackwell field notes", "own", ""),
        )
    }
    rivals = [
        services.create_setting(
            record=Competitor(name=name, website=site, strengths=good, weaknesses=bad, products=products), actor=olga
        )
        for name, site, good, bad, products in RIVALS
    ]
    for metric, value, unit, place, source, rival in (
        ("Market size", "1840000000", "USD", "United States", "Fleet Software Report", None),
        ("Market size", "620000000", "USD", "Germany", "Fleet Software Report", None),
        ("Growth a year", "8.4", "%", "Europe", "Fleet Software Report", None),
        ("Commercial vehicles", "3720000", "units", "Germany", "Transport statistics office", None),
        ("Market share", "23", "%", "Europe", "Fleet Software Report", rivals[0]),
        ("Deals lost to it", "14", "deals", "North America", "Trackwell field notes", rivals[1]),
    ):
        fact = MarketFact(
            metric=metric, value=Decimal(value), unit=unit, geography=place, as_of=today.replace(day=1),
            source=sources[source], competitor=rival,
        )  # fmt: skip
        services.create_setting(record=fact, actor=olga)


def _buy_records(stage: _Stage) -> None:
    """A research partner and the first file of theirs."""
    olga, known = stage.who("olga"), stage.worked[0]
    partner = services.create_setting(
        record=ResearchPartner(
            name="Kontor Research",
            kind="list",
            agreement="Logistics firms with 50 vehicles or more. Paid a record, free of charge where we knew it.",
            cost_per_record=Decimal("2.40"),
            currency="USD",
            licence_expires_on=clock.today() + timedelta(days=270),
        ),
        actor=olga,
    )
    text = DELIVERY.format(known=known.company, email=known.email).encode()
    upload = InMemoryUploadedFile(io.BytesIO(text), None, "kontor-logistics.csv", "text/csv", len(text), None)
    delivery, _new = services.receive_delivery(partner=partner, upload=upload, actor=olga)
    if delivery.job is not None:
        jobs.run(str(delivery.job.pk))


def _aim(stage: _Stage) -> None:
    """Two markets in force, and the next version of one as a draft."""
    bob = stage.who("bob")
    for lead in stage.worked[:4]:
        services.note_signal(
            lead=lead, actor=lead.owner, kind="technology", value="WayTrace One", source="Job advert on their site"
        )
    fleets = services.create_market(
        actor=bob,
        name="Fleets that drive themselves",
        description="Firms with vehicles of their own, large enough for a dispatcher.",
        industries=["Logistics", "Utilities", "Construction"],
        regions=["United States", "Canada"],
        employees_min=100,
        employees_max=2000,
        excluded_domains=["waytrace.example"],
        currency="USD",
        tam_accounts=18_000,
        tam_value=Decimal(540_000_000),
        sam=Decimal(120_000_000),
        som=Decimal(9_000_000),
    )
    shops = services.create_market(
        actor=bob,
        name="Branch networks in Europe",
        description="Retail and food with deliveries to branches.",
        industries=["Retail", "Food"],
        regions=["Germany", "France", "Netherlands", "United Kingdom"],
        employees_min=50,
        currency="EUR",
    )
    for market in (fleets, shops):
        _market, job = services.activate_market(market=market, version=market.version, actor=bob)
        jobs.run(str(job.pk))
    draft = services.revise_market(market=fleets, actor=bob)
    services.update_market(market=draft, version=draft.version, actor=bob, employees_min=50)


def _research(stage: _Stage) -> None:
    """A brief with one open question, and a finding that ran out."""
    lead, today = stage.worked[0], clock.today()
    owner: Any = lead.owner
    services.open_brief(actor=owner, lead=lead, due_on=today + timedelta(days=3))
    for topic, what, source, sure, ago, left in FINDINGS:
        services.add_finding(
            actor=owner,
            lead=lead,
            topic=topic,
            value=what,
            source=source,
            confidence=sure,
            as_of=today - timedelta(days=ago),
            expires_on=today + timedelta(days=left),
        )
    services.expire_findings()


def _enrich(stage: _Stage) -> None:
    """One lead's finances from a provider that is switched off again: nobody is asked over the wire."""
    olga, lead = stage.who("olga"), stage.worked[0]
    provider = services.create_provider(
        actor=olga,
        name="Company register",
        url="https://register.example/companies?domain={domain}",
        mapping={"revenue": "revenue.amount", "currency": "revenue.currency", "credit_rating": "rating"},
    )
    for run in services.ask_enrichment(lead=lead, actor=lead.owner):
        facts = {"revenue": "38400000", "currency": "USD", "credit_rating": "BBB+", "employees": 310}
        if claim_enrichment(run_id=run.pk) is not None:
            settle_enrichment(run_id=run.pk, found=Found(facts=facts))
    provider.refresh_from_db()
    services.update_provider(provider=provider, version=provider.version, actor=olga, is_active=False)


def _repeat(stage: _Stage) -> None:
    """Leads that came in twice, for the queue of duplicates."""
    for lead, changes in zip(stage.worked[1:], TWINS, strict=False):
        facts = {name: getattr(lead, name) for name in ("first_name", "last_name", "company", "email", "website")}
        facts |= {"industry": lead.industry, "country": lead.country}
        facts |= {
            name: text.format(company=lead.company, initial=lead.first_name[:1]) for name, text in changes.items()
        }
        services.create_lead(actor=lead.owner, allow_duplicate=True, **facts)
    jobs.run(str(services.start_scan(actor=None).pk))


def _spoil(stage: _Stage) -> None:
    """What data quality finds: a number that nobody can call, an industry that nobody knows."""
    open_ones = [lead for lead in stage.worked[4:] if lead.status in Lead.OPEN]
    for lead, changes in zip(open_ones, SPOILT, strict=False):
        services.update_lead(lead=lead, version=None, actor=lead.owner, **changes)
    for rule in RULES:
        services.scan_quality(rule_key=rule.key)


def _route(stage: _Stage) -> None:
    """Rules, a pool for them, and a company that is somebody's."""
    olga = stage.who("olga")
    west = services.create_setting(record=RoutingPool(name="Partners and referrals", answer_minutes=120), actor=olga)
    services.set_members(
        pool=west,
        members=[{"user": stage.who("sam"), "weight": 2, "monthly_capacity": 40}, {"user": stage.who("theo")}],
        actor=olga,
    )
    inbound = RoutingPool.objects.get(is_default=True)
    for priority, name, pool, wanted in (
        (10, "Whom partners send us", west, {"sources": ["Partner", "Referral"]}),
        (20, "Logistics in Germany", inbound, {"industries": ["Logistics"], "countries": ["Germany"]}),
    ):
        services.create_setting(record=RoutingRule(name=name, priority=priority, pool=pool, **wanted), actor=olga)
    services.name_account(
        actor=olga, company="Halden Post", website="https://haldenpost.example", user=stage.who("theo")
    )


def _hand_over(stage: _Stage) -> None:
    """Handoffs that wait for an answer."""
    sellers = {"sam": ("alice", "bob"), "theo": ("charlie", "clara")}
    for developer, receivers in sellers.items():
        rows = Lead.objects.filter(status=Lead.Status.QUALIFIED, owner=stage.who(developer), archived_at__isnull=True)
        ready = rows.exclude(handoffs__status="submitted").order_by("-pk")[: len(receivers)]
        for lead, receiver in zip(ready, receivers, strict=False):
            services.submit_handoff(
                lead=lead, to_user=stage.who(receiver), version=None, actor=stage.who(developer),
                note="They decide in the next weeks: a call soon helps.",
            )  # fmt: skip


def _set_goals(stage: _Stage) -> None:
    """Qualified leads of the month and of the quarter, by person."""
    dana, today = stage.who("dana"), clock.today()
    sam, theo = stage.who("sam"), stage.who("theo")
    for kind, name, parts in (
        (FiscalPeriod.Kind.MONTH, "Qualified leads of the month", (8, 6)),
        (FiscalPeriod.Kind.QUARTER, "Qualified leads of the quarter", (22, 18)),
    ):
        goals.create_goal(
            actor=dana,
            period=FiscalPeriod.objects.filter(kind=kind).holding(today).get(),
            owner=dana,
            target=sum(parts),
            name=name,
            parts=[{"owner": sam, "target": parts[0]}, {"owner": theo, "target": parts[1]}],
        )
    goals.compute_goal_progress()
