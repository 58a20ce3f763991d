"""Promotion partners and deal registrations, as we see them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.filters_campaigns import PartnerFilter, RegistrationFilter
from leads.forms_campaigns import PartnerContactForm, PartnerForm, RegistrationForm, RejectionForm
from leads.models import DealRegistration, Lead, PromotionPartner
from leads.selectors.promotion import partner_list, reason_words, registration_list
from leads.views.pages import LeadsPart, Trail, form_page, saved, trail
from revops.core.errors import BadRequest, DomainError
from revops.core.registries import panels_for
from revops.core.views.lists import Action, Chip, Column, Empty, Figure

Status = DealRegistration.Status
TONES = {
    Status.SUBMITTED: "warn",
    Status.APPROVED: "accent",
    Status.REJECTED: "bad",
    Status.CONVERTED: "ok",
    Status.EXPIRED: "",
}


class PartnerList(LeadsPart):
    """Companies that promote what we sell."""

    title, noun = gettext_lazy("Partners"), gettext_lazy("partners")
    permission = "leads.view_promotionpartner"
    adds = ("leads.add_promotionpartner", gettext_lazy("New partner"), "promotion-partner-new")
    filters = PartnerFilter
    order = "name"
    columns = (
        Column("name", gettext_lazy("Partner"), sub="website", sort="name"),
        Column("tier", gettext_lazy("Tier"), lambda row: (row.get_tier_display(), ""), kind="pill"),
        Column("fee_pct", gettext_lazy("Fee"), kind="percent"),
        Column("registered", gettext_lazy("Registered"), kind="number"),
        Column("approved", gettext_lazy("Approved"), kind="number", phone=False),
        Column("converted", gettext_lazy("Converted"), kind="number"),
        Column("owner", gettext_lazy("Looked after by"), kind="user"),
    )
    empty = Empty(
        gettext_lazy("No partner yet"),
        gettext_lazy("A partner brings companies that we do not know, registers them, and earns a fee on what is won."),
        "heart-handshake",
        Action(gettext_lazy("New partner"), "/leads/partners/new/", "plus"),
    )

    def rows(self) -> QuerySet[Any]:
        return partner_list(viewer=self.request.user)


class RegistrationList(LeadsPart):
    """Companies that partners claim."""

    title, noun = gettext_lazy("Deal registrations"), gettext_lazy("registrations")
    permission = "leads.view_dealregistration"
    filters = RegistrationFilter
    order = "-id"
    panel_columns = ("company", "status")
    columns = (
        Column("company", gettext_lazy("Company"), sub="website"),
        Column("status", gettext_lazy("State"), lambda row: (row.get_status_display(), TONES[row.status]), kind="pill"),
        Column("partner", gettext_lazy("Partner")),
        Column("amount", gettext_lazy("May bring"), "money", kind="money"),
        Column(
            "until",
            gettext_lazy("Protected until"),
            lambda row: None if row.status in (Status.REJECTED, Status.EXPIRED) else row.protected_until,
            kind="date",
            sort="protected_until",
        ),
        Column("reason", gettext_lazy("Reason"), reason_words, phone=False),
        Column("id", gettext_lazy("Registered"), "created_at", kind="datetime", sort="id", phone=False),
    )
    chips = (
        Chip("submitted", gettext_lazy("To decide"), {"status": "submitted"}),
        Chip("approved", gettext_lazy("Approved"), {"status": "approved"}),
    )
    empty = Empty(
        gettext_lazy("No registration yet"),
        gettext_lazy("Partners register companies in their own view; each is protected for 90 days."),
        "shield-check",
    )

    def rows(self) -> QuerySet[Any]:
        return registration_list(viewer=self.request.user)


def partner_of(request: HttpRequest, pk: int) -> PromotionPartner:
    return get_object_or_404(partner_list(viewer=request.user), pk=pk)


def registration_of(request: HttpRequest, pk: int) -> DealRegistration:
    return get_object_or_404(registration_list(viewer=request.user), pk=pk)


def _crumbs(*more: tuple[str, str]) -> Trail:
    return trail((_("Partners"), reverse("promotion-partner-list")), *more)


@login_required
@permission_required("leads.view_promotionpartner", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One partner: people, registrations, and what came of them."""
    return _partner_page(request, partner_of(request, pk))


def _partner_page(
    request: HttpRequest, partner: PromotionPartner, form: PartnerContactForm | None = None, status: int = 200
) -> HttpResponse:
    listed = f"{reverse('deal-registration-list')}?partner={partner.pk}"
    context = {
        "title": partner.name,
        "record_icon": "heart-handshake",
        "nav_key": "leads",
        "crumbs": _crumbs((partner.name, "")),
        "partner": partner,
        "keyfacts": [
            Figure(_("Registered"), partner.registered, url=listed),  # type: ignore[attr-defined]
            Figure(_("Approved"), partner.approved, url=f"{listed}&status=approved"),  # type: ignore[attr-defined]
            Figure(_("Converted"), partner.converted, url=f"{listed}&status=converted"),  # type: ignore[attr-defined]
        ],
        "contacts": list(partner.contacts.select_related("user")),
        "panels": panels_for("leads.promotionpartner", partner, request.user),
        "may_change": request.user.has_perm("leads.change_promotionpartner"),
        "contact_form": form or PartnerContactForm(),
    }
    return render(request, "leads/promotion_partner.html", context, status=status)


@login_required
@permission_required("leads.add_promotionpartner", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new partner."""
    form = PartnerForm(request.POST or None, viewer=request.user, initial={"is_active": True})
    made = saved(request, form, lambda facts: services.create_partner(actor=request.user, **facts))
    return made or form_page(
        request, form, title=_("New partner"), way=_crumbs(), back=reverse("promotion-partner-list")
    )


@login_required
@permission_required("leads.change_promotionpartner", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another tier or fee, or no partner any more."""
    record = partner_of(request, pk)
    initial = {name: getattr(record, name) for name in PartnerForm.Meta.fields}
    form = PartnerForm(request.POST or None, viewer=request.user, initial=initial)
    made = saved(
        request,
        form,
        lambda facts: services.update_partner(
            partner=record, version=shown_version(request), actor=request.user, **facts
        ),
    )
    return made or form_page(request, form, title=_("Edit %(name)s") % {"name": record}, way=_crumbs(), record=record)


@login_required
@permission_required("leads.change_promotionpartner", raise_exception=True)
@require_POST
def add_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody whom we know there."""
    partner = partner_of(request, pk)
    form = PartnerContactForm(request.POST)
    if form.is_valid():
        try:
            services.add_partner_contact(partner=partner, actor=request.user, **form.cleaned_data)
        except DomainError as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(partner)
    return _partner_page(request, partner, form, 422)


@login_required
@permission_required("leads.change_promotionpartner", raise_exception=True)
@require_POST
def login(request: HttpRequest, pk: int, contact: int, verb: str) -> HttpResponse:
    """Open or close the partner's view for one of its people."""
    partner = partner_of(request, pk)
    row = get_object_or_404(partner.contacts.all(), pk=contact)
    if verb == "open":
        services.open_partner_view(contact=row, actor=request.user)
        messages.success(
            request,
            _("The login is %(email)s. “Forgot it?” on the page to sign in sets the password.") % {"email": row.email},
        )
    elif verb == "close":
        services.close_partner_view(contact=row, actor=request.user)
        messages.success(request, _("The login is closed."))
    else:
        raise BadRequest("unknown_verb", _("There is no such action."))
    return redirect(partner)


@login_required
@permission_required("leads.add_dealregistration", raise_exception=True)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a deal for a partner who called."""
    partner = partner_of(request, pk)
    form = RegistrationForm(request.POST or None)
    made = saved(request, form, lambda facts: services.register_deal(partner=partner, actor=request.user, **facts))
    title = _("Register a deal of %(name)s") % {"name": partner}
    return made or form_page(request, form, title=title, way=_crumbs(), back=partner.get_absolute_url())


@login_required
@permission_required("leads.view_dealregistration", raise_exception=True)
@require_GET
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    """One registration, with yes and no."""
    return _registration_page(request, registration_of(request, pk))


def _registration_page(
    request: HttpRequest, row: DealRegistration, form: RejectionForm | None = None, status: int = 200
) -> HttpResponse:
    lead = Lead.objects.visible_to(request.user).filter(pk=row.lead_id).first() if row.lead_id else None
    context = {
        "title": row.company,
        "nav_key": "leads",
        "crumbs": _crumbs((row.partner.name, row.partner.get_absolute_url()), (row.company, "")),
        "row": row,
        "reason": reason_words(row),
        "tone": TONES[Status(row.status)],
        "lead": lead,
        "may_decide": request.user.has_perm("leads.decide_dealregistration") and row.status == Status.SUBMITTED,
        "rejection": form or RejectionForm(),
    }
    return render(request, "leads/promotion_registration.html", context, status=status)


@login_required
@permission_required("leads.decide_dealregistration", raise_exception=True)
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Approve or reject."""
    row = registration_of(request, pk)
    facts: dict[str, Any] = {"registration": row, "version": shown_version(request), "actor": request.user}
    if verb == "approve":
        services.approve_registration(**facts)
        messages.success(request, _("Approved. Its lead goes to whose turn it is."))
        return redirect(row)
    if verb != "reject":
        raise BadRequest("unknown_verb", _("There is no such action."))
    form = RejectionForm(request.POST)
    form.full_clean()
    try:
        services.reject_registration(**facts, reason=form.cleaned_data.get("reason", ""))
    except DomainError as error:
        if not error.errors:
            raise
        refused(form, error)
        return _registration_page(request, row, form, 422)
    messages.success(request, _("Rejected."))
    return redirect(row)
