"""What campaigns, public forms and partners add to the frame: rights, panels, commands, a portal, hand-over."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads import services
from leads.member_imports import MemberImporter
from leads.models import Campaign, PromotionPartner
from leads.selectors.promotion import is_partner, partner_lead_ids
from revops.core.places import Place, list_places
from revops.core.registries import (
    Command,
    CreateItem,
    Holding,
    MergeRelation,
    Panel,
    ScopeSource,
    commands,
    create_menu,
    hand_over,
    merge_relations,
    panels,
    scope_sources,
)
from revops.integrations.registries import importers
from revops.users import roles
from revops.users.registries import Portal, portals

STEPS = ("targeted", "contacted", "engaged", "responded")
# The first is where people of a partner arrive.
PARTNER_PAGES = ("partner-home", "partner-register", "partner-lead", "partner-registration")


def _touches_of(lead: Any) -> str:
    return reverse("lead-touches", args=[lead.pk])


def _members_of(campaign: Any) -> str:
    return f"{reverse('campaign-member-list')}?campaign={campaign.pk}"


def _registrations_of(partner: Any) -> str:
    return f"{reverse('deal-registration-list')}?partner={partner.pk}"


def _furthest(member: Any) -> int:
    return STEPS.index(member.status)


def register() -> None:
    """Called once, when the app is ready."""
    view = "leads.view_campaign"
    list_places.register(Place("campaigns", _("Campaigns"), view, {"list": "campaign-list"}, "speakerphone", 22))
    commands.register(Command("campaigns", _("Campaigns"), "campaign-list", "speakerphone", view, order=22))
    commands.register(
        Command("intake-forms", _("Public forms"), "intake-form-list", "forms", "leads.view_intakeform", 23)
    )
    commands.register(
        Command(
            "partners", _("Partners"), "promotion-partner-list", "heart-handshake", "leads.view_promotionpartner", 24
        )
    )
    commands.register(
        Command(
            "registrations",
            _("Deal registrations"),
            "deal-registration-list",
            "shield-check",
            "leads.view_dealregistration",
            25,
        )
    )
    create_menu.register(
        CreateItem("campaign", _("Campaign"), "campaign-new", "speakerphone", "leads.add_campaign", order=25)
    )
    panels.register(Panel("leads.touches", "leads.lead", _("How they came to us"), _touches_of, 12, view))
    panels.register(Panel("leads.members", "leads.campaign", _("Members"), _members_of, 10, view))
    panels.register(
        Panel(
            "leads.registrations",
            "leads.promotionpartner",
            _("Deal registrations"),
            _registrations_of,
            10,
            "leads.view_dealregistration",
        )
    )
    scope_sources.register(ScopeSource("leads.partner", "leads.lead", partner_lead_ids))
    importers.register(MemberImporter())
    portals.register(Portal("partner", PARTNER_PAGES, is_partner))
    for side in ("lead", "contact"):
        merge_relations.register(MergeRelation(f"leads.campaignmember.{side}", rank=_furthest))
    _register_holdings()
    _grant()


def _register_holdings() -> None:
    hand_over.register(
        Holding(
            "campaigns",
            _("Campaigns that are not over"),
            lambda user: Campaign.objects.running().filter(owner=user),
            services.hand_over_campaigns,
            order=22,
        )
    )
    hand_over.register(
        Holding(
            "partners",
            _("Promotion partners"),
            lambda user: PromotionPartner.objects.filter(owner=user),
            services.hand_over_partners,
            order=23,
        )
    )


def _grant() -> None:
    sdr, rep, manager, admin = roles.SDR, roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN
    readers = (sdr, rep, manager, admin, roles.SALES_ENGINEER, roles.EXECUTIVE, roles.SUPPORT, roles.FINANCE)
    roles.grant_all((*readers, roles.OPERATIONS_PLANNER), "leads.view_campaign")
    roles.grant_all(
        (sdr, rep, manager, admin),
        *roles.manage("leads", "campaignmember"),
        "leads.add_touchpoint",
        "leads.view_promotionpartner",
        "leads.view_dealregistration",
        "leads.add_dealregistration",
    )
    roles.grant_all(
        (manager, admin),
        *roles.manage("leads", "campaign", "promotionpartner"),
        "leads.view_intakeform",
        "leads.decide_dealregistration",
    )
    roles.grant_all((manager, admin, roles.FINANCE), "leads.view_marketingcost", "leads.add_marketingcost")
    roles.grant_all((manager, admin, roles.FINANCE, roles.EXECUTIVE), "leads.view_campaign_results")
    roles.grant(
        admin,
        *roles.manage("leads", "intakeform"),
        "leads.view_touchpoint",
        "leads.view_consentrecord",
        "leads.view_campaigntask",
        "leads.view_partnercontact",
    )
