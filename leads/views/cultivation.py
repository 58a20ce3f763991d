"""Keeping in touch with leads: the list of plans, and the plan of one lead."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import refused
from accounts.pegs import activities_on
from accounts.views.records import shown_version
from leads import services
from leads.filters_cultivation import CultivationFilter
from leads.models import CultivationPlan, Lead
from leads.selectors.cultivation import cultivation_list
from leads.views.pages import LeadsPart
from leads.views.records import lead_of
from revops.core.errors import InvalidInput
from revops.core.views.lists import Chip, Column, Empty


class CultivationForm(forms.Form):
    """How far it has come, and when it is touched next."""

    stage = forms.ChoiceField(choices=CultivationPlan.Stage.choices, label=gettext_lazy("Stage"))
    next_touch_on = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("Next touch")
    )


class CultivationList(LeadsPart):
    """Leads that are kept in touch with."""

    title, noun = gettext_lazy("Cultivation"), gettext_lazy("plans")
    permission = "leads.view_lead"
    filters = CultivationFilter
    order = "next"
    file_name = "cultivation"
    panel_columns = ("lead", "stage", "next")
    columns = (
        Column("lead", gettext_lazy("Lead"), "lead.name"),
        Column("company", gettext_lazy("Company"), "lead.company"),
        Column("stage", gettext_lazy("Stage"), "get_stage_display", kind="pill"),
        Column("info", gettext_lazy("Still to find out"), lambda row: ", ".join(row.info_words)),
        Column("touched", gettext_lazy("Last touch"), "touched_at", kind="datetime"),
        Column("next", gettext_lazy("Next touch"), "next_touch_on", kind="date", sort="next_touch_on"),
        Column("owner", gettext_lazy("Owner"), lambda row: row.lead.owner or row.lead.queue, kind="user"),
    )
    chips = (Chip("mine", gettext_lazy("Mine"), {"mine": "true"}),)
    empty = Empty(
        gettext_lazy("No lead is being cultivated"),
        gettext_lazy("A lead that is not ready yet gets a plan on its page: how far it has come, and the next touch."),
        "plant",
    )

    def rows(self) -> QuerySet[Any]:
        return cultivation_list(viewer=self.request.user)


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_http_methods(["GET", "POST"])
def cultivate(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of a lead: what is still to find out, how far it has come, and the touches so far."""
    lead = lead_of(request, pk)
    plan = CultivationPlan.objects.visible_to(request.user).filter(lead=lead).first()
    may = request.user.has_perm("leads.change_lead") and lead.status in Lead.OPEN
    form = CultivationForm(request.POST or None, initial=_now(plan))
    if request.method == "POST" and form.is_valid():
        try:
            if plan is None:
                services.cultivate_lead(lead=lead, actor=request.user, **form.cleaned_data)
            else:
                services.change_cultivation(
                    plan=plan, version=shown_version(request), actor=request.user, **form.cleaned_data
                )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("lead-cultivate", pk)
    context = {
        "title": _("Cultivate %(name)s") % {"name": lead},
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Cultivate"), "")],
        "lead": lead,
        "plan": plan,
        "needed": (plan or CultivationPlan(lead=lead)).info_words,
        "form": form,
        "may_change": may,
        "version": request.POST.get("version") or (plan.version if plan else ""),
        "touches": activities_on(lead, viewer=request.user).completed().order_by("-happened_at")[:10],  # type: ignore[attr-defined]
    }
    return render(request, "leads/cultivate.html", context, status=422 if form.errors else 200)


def _now(plan: CultivationPlan | None) -> dict[str, Any]:
    return {} if plan is None else {"stage": plan.stage, "next_touch_on": plan.next_touch_on}
