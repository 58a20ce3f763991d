"""Needs: as a list over everything that one sees, and on the page of a lead or an opportunity where they are added."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import refused
from leads.models import Lead
from opportunities import services
from opportunities.filters_needs import NeedFilter
from opportunities.forms_needs import NeedForm
from opportunities.models import Need, NeedsAnalysis, Opportunity
from opportunities.selectors.needs import analysis_list, need_list
from opportunities.views.board import shown_version
from revops.core.errors import BadRequest, InvalidInput
from revops.core.views.lists import Action, Column, Empty, ListPage

TONES = {"in_progress": "accent", "validated": "ok", "baselined": "ok"}
VERBS: dict[str, tuple[Callable[..., Any], Any]] = {
    "validate": (services.validate_analysis, gettext_lazy("Validated.")),
    "baseline": (services.baseline_analysis, gettext_lazy("Kept as the baseline.")),
}


class NeedList(ListPage):
    """Needs with where they belong."""

    title, nav_key, noun = gettext_lazy("Needs"), "opportunities", gettext_lazy("needs")
    permission = "opportunities.view_need"
    filters = NeedFilter
    order = "-created"
    file_name = "needs"
    panel_columns = ("statement", "kind")
    columns = (
        Column("statement", gettext_lazy("Need")),
        Column("kind", gettext_lazy("Kind"), "get_kind_display", kind="pill"),
        Column("level", gettext_lazy("Level"), "get_level_display"),
        Column("origin", gettext_lazy("Origin"), "get_origin_display", hidden=True),
        Column("priority", gettext_lazy("Priority"), kind="number", sort="priority"),
        Column("about", gettext_lazy("Of"), lambda row: str(row.analysis.subject)),
        Column("author", gettext_lazy("Written down by"), "created_by", kind="user"),
        Column("created", gettext_lazy("Created"), "created_at", kind="datetime", sort="created_at", phone=False),
    )
    empty = Empty(
        gettext_lazy("No needs yet"),
        gettext_lazy("What a buyer needs is written down on the lead, and goes on with the opportunity."),
        "list-check",
    )

    def rows(self) -> QuerySet[Any]:
        return need_list(viewer=self.request.user)

    def actions(self) -> Sequence[Action]:
        for name in ("lead", "opportunity"):
            number = self.request.GET.get(name, "")
            if number.isascii() and number.isdigit() and len(number) < 16:
                return (Action(_("Write needs down"), reverse(f"{name}-needs", args=[int(number)]), "plus"),)
        return ()


@login_required
@permission_required("opportunities.view_need", raise_exception=True)
@require_http_methods(["GET", "POST"])
def of_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """The needs of a lead, and one more."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user), pk=pk)
    if lead.status == Lead.Status.CONVERTED:
        deal = Opportunity.objects.visible_to(request.user).filter(lead=lead).first()
        if deal is not None:
            return redirect("opportunity-needs", deal.pk)
    crumbs = [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Needs"), "")]
    may = request.user.has_perm("leads.change_lead") and lead.status in Lead.OPEN
    return _page(request, {"lead": lead}, crumbs, "leads", may_write=may)


@login_required
@permission_required("opportunities.view_need", raise_exception=True)
@require_http_methods(["GET", "POST"])
def of_opportunity(request: HttpRequest, pk: int) -> HttpResponse:
    """The needs of an opportunity, and one more."""
    deal = get_object_or_404(Opportunity.objects.visible_to(request.user), pk=pk)
    crumbs = [
        (_("Opportunities"), reverse("opportunity-board")),
        (deal.name, deal.get_absolute_url()),
        (_("Needs"), ""),
    ]
    may = request.user.has_perm("opportunities.change_opportunity")
    return _page(request, {"opportunity": deal}, crumbs, "opportunities", may_write=may)


def _page(
    request: HttpRequest, subject: dict[str, Any], crumbs: list[tuple[str, str]], nav: str, *, may_write: bool
) -> HttpResponse:
    form = NeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            analysis = services.open_analysis(actor=request.user, **subject)
            services.add_need(analysis=analysis, actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            return redirect(request.path)
    rows = analysis_list(viewer=request.user).filter(**subject).order_by("-pk")
    (record,) = subject.values()
    context = {
        "title": _("Needs of %(name)s") % {"name": record},
        "nav_key": nav,
        "crumbs": crumbs,
        "record_url": record.get_absolute_url(),
        "analyses": [
            {
                "row": row,
                "tone": TONES.get(row.status, ""),
                "edited": may_write and row.status in NeedsAnalysis.EDITED,
                "verb": {"in_progress": "validate", "validated": "baseline"}.get(row.status) if may_write else None,
            }
            for row in rows
        ],
        "form": form,
        "may_write": may_write,
    }
    return render(request, "opportunities/needs.html", context, status=422 if form.errors else 200)


def _need(request: HttpRequest, pk: int) -> Need:
    return get_object_or_404(need_list(viewer=request.user), pk=pk)


@login_required
@permission_required("opportunities.view_need", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a need right."""
    need = _need(request, pk)
    names = ("statement", "kind", "level", "origin", "priority")
    form = NeedForm(request.POST or None, initial={name: getattr(need, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            services.change_need(need=need, version=shown_version(request), actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            return redirect(need)
    context = {
        "form": form,
        "title": _("Edit a need"),
        "nav_key": "opportunities",
        "crumbs": [(str(need.analysis), need.get_absolute_url()), (_("Edit"), "")],
        "record": need,
        "version": request.POST.get("version") or need.version,
        "cancel_url": need.get_absolute_url(),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a need back."""
    need = _need(request, pk)
    back = need.get_absolute_url()
    services.remove_need(need=need, version=shown_version(request), actor=request.user)
    return redirect(back)


@login_required
@require_POST
def settle(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """The customer agrees, or what was agreed becomes the baseline."""
    analysis = get_object_or_404(analysis_list(viewer=request.user), pk=pk)
    if verb not in VERBS:
        raise BadRequest("unknown_verb", _("There is no such action."))
    act, said = VERBS[verb]
    act(analysis=analysis, version=shown_version(request), actor=request.user)
    messages.success(request, said)
    return redirect(analysis)
