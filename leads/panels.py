"""What leads and handoffs add to the frame and to the pages of accounts."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.pegs import Peg, register_peg
from accounts.shelves import Shelf, register_shelf
from leads import panels_sequences
from leads.models import Handoff, Lead, LeadActivity, LeadDocument, LeadLicence
from leads.selectors.cultivation import open_plans
from revops.core.places import Place, list_places
from revops.core.registries import (
    DAY_MOST,
    Command,
    CreateItem,
    DayItem,
    DaySource,
    NavItem,
    Panel,
    commands,
    create_menu,
    day_items,
    navigation,
    panels,
)


def open_leads(user: Any) -> int:
    """How many open leads are a person's own."""
    return Lead.objects.filter(owner=user, status__in=Lead.OPEN, archived_at__isnull=True)[:1000].count()


def handoffs_due(user: Any, _today: date) -> Sequence[DayItem]:
    """Handoffs that wait for this person's answer."""
    rows = Handoff.objects.visible_to(user).waiting().filter(to_user=user).select_related("lead", "from_user")
    return [
        DayItem(
            kind="handoff",
            title=gettext("Answer the handoff of %(company)s") % {"company": row.lead.company},
            sub=gettext("%(lead)s, from %(name)s") % {"lead": row.lead, "name": row.from_user},
            url=row.get_absolute_url(),
            due_at=row.sla_due_at,
            rank=10,
            action=gettext("Answer"),
            icon="inbox",
        )
        for row in rows.order_by("sla_due_at", "pk")[:DAY_MOST]
    ]


def new_leads(user: Any, _today: date) -> Sequence[DayItem]:
    """A person's own leads that nobody has touched yet."""
    rows = Lead.objects.visible_to(user).filter(owner=user, status=Lead.Status.NEW, archived_at__isnull=True)
    return [
        DayItem(
            kind="lead",
            title=gettext("Get in touch with %(name)s") % {"name": row.name},
            sub=", ".join(filter(None, [row.company, row.source])),
            url=row.get_absolute_url(),
            rank=30,
            action=gettext("Start"),
            icon="user-search",
        )
        for row in rows.order_by("pk")[:DAY_MOST]
    ]


def _of_account(account: Any) -> str:
    return f"{reverse('lead-list')}?account={account.pk}"


def _markets_of(lead: Any) -> str:
    return reverse("lead-markets", args=[lead.pk])


def _licence_of(lead: Any) -> str:
    return reverse("lead-licence", args=[lead.pk])


def _is_licensed(lead: Any, _user: Any) -> bool:
    return LeadLicence.objects.filter(lead=lead).exists()


def _finances_of(lead: Any) -> str:
    return reverse("lead-finances", args=[lead.pk])


def touches_due(user: Any, today: date) -> Sequence[DayItem]:
    """A person's own leads whose next touch is due by their plan."""
    rows = open_plans().filter(lead__owner=user, next_touch_on__lte=today).select_related("lead")
    return [
        DayItem(
            kind="lead",
            title=gettext("Get in touch with %(name)s") % {"name": row.lead.name},
            sub=", ".join(filter(None, [row.lead.company, str(row.get_stage_display())])),
            url=row.get_absolute_url(),
            rank=35,
            action=gettext("Touch"),
            icon="plant",
        )
        for row in rows.order_by("next_touch_on", "pk")[:DAY_MOST]
    ]


def _cultivation(lead: Any) -> str:
    return f"{reverse('cultivation-list')}?lead={lead.pk}"


def register() -> None:
    """Called once, when the app is ready."""
    register_path()
    panels_sequences.register()
    list_places.register(
        Place("leads", _("Leads"), "leads.view_lead", {"list": "lead-list", "board": "lead-board"}, "user-search", 20)
    )
    navigation.register(
        NavItem(
            "leads",
            _("Leads"),
            "lead-list",
            "user-search",
            "leads.view_lead",
            order=20,
            shortcut="l",
            phone=True,
            count=open_leads,
        )
    )
    create_menu.register(
        CreateItem("lead", _("Lead"), "lead-new", "user-search", "leads.add_lead", order=20, shortcut="l")
    )
    register_commands()
    day_items.register(DaySource("leads.handoffs", handoffs_due, "leads.view_handoff", order=10))
    day_items.register(DaySource("leads.new", new_leads, "leads.view_lead", order=30))
    panels.register(Panel("leads.of_account", "accounts.account", _("Leads"), _of_account, 60, "leads.view_lead"))
    register_peg(
        Peg(
            "lead",
            _("Lead"),
            Lead,
            LeadActivity,
            lambda lead: (lead.account, None),
            order=20,
            field="lead",
            name=lambda lead: f"{lead}, {lead.company}",
        )
    )
    register_shelf(Shelf("lead", _("Lead"), Lead, LeadDocument, "leads.change_lead", order=30))


def register_commands() -> None:
    """Places that stand in the command menu, and what a lead's page shows of them."""
    commands.register(
        Command("duplicates", _("Possible duplicates"), "duplicate-queue", "copy", "leads.view_lead", order=22)
    )
    commands.register(Command("scoring", _("Scoring"), "lead-scoring", "gauge", "leads.view_rulecard", order=23))
    commands.register(Command("handoffs", _("Handoffs"), "handoff-inbox", "inbox", "leads.view_handoff", order=21))
    commands.register(
        Command("target-markets", _("Target markets"), "target-market-list", "target", "leads.view_targetmarket", 22)
    )
    panels.register(
        Panel("leads.markets", "leads.lead", _("Target markets"), _markets_of, 10, "leads.view_targetmarket")
    )
    commands.register(
        Command(
            "enrichment", _("Enrichment"), "enrichment-settings", "cloud-download", "leads.view_enrichmentprovider", 27
        )
    )
    commands.register(
        Command("research-partners", _("Research partners"), "research-partner-list", "packages",
                "leads.view_researchpartner", 25)
    )  # fmt: skip
    commands.register(Command("lead-data", _("Data quality"), "lead-data", "shield-check", "leads.view_lead", 26))
    commands.register(
        Command("competitors", _("Competitors"), "competitor-list", "swords", "leads.view_competitor", 26)
    )
    commands.register(
        Command("market-facts", _("Market facts"), "market-fact-list", "world", "leads.view_marketfact", 26)
    )
    panels.register(
        Panel("leads.licence", "leads.lead", _("Licence"), _licence_of, 5, "leads.view_lead", when=_is_licensed)
    )
    panels.register(Panel("leads.finances", "leads.lead", _("Finances"), _finances_of, 20, "leads.view_lead"))


def register_path() -> None:
    """What belongs to a lead's way: funnel, routing, cultivation."""
    commands.register(Command("funnel", _("Lead funnel"), "lead-funnel", "filter", "leads.view_lead", order=22))
    commands.register(Command("routing", _("Routing"), "lead-routing", "route", "leads.view_routingrule", order=22))
    commands.register(
        Command("cultivation", _("Cultivation"), "cultivation-list", "plant", "leads.view_lead", order=22)
    )
    day_items.register(DaySource("leads.cultivation", touches_due, "leads.view_lead", order=31))
    panels.register(
        Panel("leads.cultivation", "leads.lead", _("Cultivation"), _cultivation, 20, "leads.view_lead", "plant")
    )
