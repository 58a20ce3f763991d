"""What a new installation starts with; run again, it changes nothing."""

from decimal import Decimal

from django.db import transaction

from leads import services
from leads.models import DisqualifyReason, EngagementRule, FitRule, LeadQueue, RoutingPool, Scorecard, ScoreGroup
from leads.selectors.scoring import CRITERIA
from revops.users import roles
from revops.users.models import User

REASONS = ("No budget", "No one who decides", "Not our market", "No need", "Cannot be reached", "Bought elsewhere")
FIT_RULES: tuple[dict[str, object], ...] = (
    {"name": "Transport and logistics", "field": "industry", "points": 40,
     "values": ["Transport", "Logistics", "Freight", "Rail and road", "Waste"]},
    {"name": "Fleets of their own", "field": "industry", "points": 25,
     "values": ["Health care", "Construction", "Retail", "Utilities", "Food"]},
    {"name": "50 to 999 employees", "field": "employees", "at_least": 50, "at_most": 999, "points": 30},
    {"name": "1,000 employees or more", "field": "employees", "at_least": 1000, "points": 20},
    {"name": "Fewer than 10 employees", "field": "employees", "at_most": 9, "points": -20},
    {"name": "Came by referral or partner", "field": "source", "points": 30, "values": ["Referral", "Partner"]},
    {"name": "Asked us on the web", "field": "source", "points": 20, "values": ["Web form", "Price page"]},
    {"name": "Bought list", "field": "source", "points": -10, "values": ["List"]},
)  # fmt: skip
ENGAGEMENT_GROUPS = {"Talks": 60, "Mails": 30}
ENGAGEMENT_RULES: tuple[tuple[str, dict[str, object]], ...] = (
    ("Talks", {"name": "A visit", "event": "visit", "points": 30, "half_life_days": 60}),
    ("Talks", {"name": "A meeting", "event": "meeting", "points": 25, "half_life_days": 45}),
    ("Talks", {"name": "A call", "event": "call", "points": 12, "half_life_days": 30}),
    ("Mails", {"name": "An e-mail", "event": "email", "points": 6, "half_life_days": 21}),
)


@transaction.atomic
def ensure_leads() -> None:
    """Scorecard 1 (equal weights, 77), fit rules, reasons; and, once there are people, fallback queue and pool."""
    if not Scorecard.objects.exists():
        services.create_scorecard(actor=None, weights=dict.fromkeys(CRITERIA, Decimal(20)), threshold=Decimal(77))
    if not FitRule.objects.exists():
        for rule in FIT_RULES:
            services.create_setting(record=FitRule(**rule), actor=None)
    _ensure_engagement()
    known = set(DisqualifyReason.objects.values_list("label", flat=True))
    for label in REASONS:
        if label not in known:
            services.create_setting(record=DisqualifyReason(label=label), actor=None)
    keeper = _keeper()
    if keeper is not None and not LeadQueue.objects.filter(is_fallback=True).exists():
        services.create_setting(record=LeadQueue(name="Unrouted leads", owner=keeper, is_fallback=True), actor=None)
    if keeper is not None and not LeadQueue.objects.filter(is_manual=True).exists():
        services.create_setting(record=LeadQueue(name="To decide by hand", owner=keeper, is_manual=True), actor=None)
    _ensure_pool()


def _ensure_engagement() -> None:
    if EngagementRule.objects.exists():
        return
    for name, cap in ENGAGEMENT_GROUPS.items():
        if not ScoreGroup.objects.filter(name=name).exists():
            services.create_setting(record=ScoreGroup(name=name, side="engagement", cap=cap), actor=None)
    groups = {group.name: group for group in ScoreGroup.objects.all()}
    for group, rule in ENGAGEMENT_RULES:
        services.create_setting(record=EngagementRule(group=groups[group], **rule), actor=None)


def _keeper() -> User | None:
    """Who looks after leads that nobody can take: a RevOps administrator, else whoever may do everything."""
    people = User.objects.working().order_by("pk")
    admin: User | None = people.filter(groups__name=roles.REVOPS_ADMIN).first()
    return admin or people.filter(is_superuser=True).first() or people.first()


def _ensure_pool() -> None:
    pool = RoutingPool.objects.filter(is_default=True).first()
    if pool is None:
        pool = services.create_setting(record=RoutingPool(name="Inbound", is_default=True), actor=None)
    takers = list(User.objects.working().filter(groups__name=roles.SDR).order_by("pk"))
    if takers and not pool.members.exists():
        services.set_members(pool=pool, members=[{"user": taker, "weight": 1} for taker in takers], actor=None)
