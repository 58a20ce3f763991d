"""The lead's own page, and the forms that make and change one."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms import LogForm, refused
from accounts.pegs import activities_on
from accounts.selectors import timeline
from accounts.views.records import shown_version
from accounts.views.touches import touch_context
from leads import services
from leads.forms import AssignForm, DisqualifyForm, LeadForm, NewLeadForm, PackageForm
from leads.models import Assignment, Handoff, Lead, QualificationAnswer
from leads.registries import handoff_sections
from leads.selectors.duplicates import dismissed_with, lead_duplicates, near_leads
from leads.selectors.handoffs import may_decide
from leads.selectors.leads import lead_list
from leads.selectors.learning_words import propensity_of
from leads.selectors.scoring import CRITERIA, Verdict, active_scorecard, answers_of, judge
from leads.views.lists import TONES, answer_cell, next_cell, source_words
from revops.core import clock
from revops.core.errors import DuplicateSuspected, InvalidInput
from revops.core.registries import panels_for
from revops.core.templatetags.frame import shown
from revops.core.views.aliases import opened
from revops.core.views.landing import landing
from revops.core.views.lists import Figure

FACTS = tuple(LeadForm.base_fields)
# What an inline save brings up to date. The fields themselves stay: somebody may be typing in the next one.
SAVED_PARTS = ",".join(
    f"#{part}"
    for part in (
        *("lead-acts", "lead-facts", "keyfacts", "q-h", "verdict", "handoff-card", "hf-h", "timeline", "toasts"),
        *(f"m-{name}" for name in CRITERIA),
        *("v-criteria", "v-package", "v-give", "v-disqualify"),
    )
)


def lead_of(request: HttpRequest, pk: int) -> Lead:
    return get_object_or_404(lead_list(viewer=request.user), pk=pk)


@login_required
@permission_required("leads.view_lead", raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that decides about a lead, and what happened on it; of one that was merged, what it became."""
    lead, elsewhere = opened(request, lead_list(viewer=request.user), pk)
    return elsewhere or page(request, lead)


def page(request: HttpRequest, lead: Lead, *, log: LogForm | None = None, status: int = 200) -> HttpResponse:
    """The record page; `log` carries back what could not be saved."""
    activities = activities_on(lead, viewer=request.user)
    scoring = criteria_context(request, lead)
    gaps, given = gaps_of(lead), lead.assignments.filter(is_current=True).first()
    context = {
        "title": lead.name,
        "logo": lead.company,
        "record_icon": "user-search",
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, "")],
        **scoring,
        "keyfacts": _keyfacts(lead, scoring["verdict"], given),
        "tone": TONES[Lead.Status(lead.status)],
        "twins": _twins(request, lead),
        "gaps": gaps,
        "open_gaps": [gap for gap in gaps if gap["gap"]],
        "waiting": _waiting(request, lead),
        **touch_context(request, activities, log=log, url=reverse("lead-log", args=[lead.pk])),
        "next": next_cell(lead),
        "package_form": PackageForm(initial={"competition": lead.competition, "next_step": lead.next_step}),
        "disqualify_form": DisqualifyForm(auto_id="d-%s"),
        "assign_form": AssignForm(auto_id="a-%s"),
        "timeline": timeline(record=lead, activities=activities),
        "fit": getattr(lead, "fit", None),
        "engagement": getattr(lead, "engagement", None),
        "propensity": propensity_of(lead),
        "scores": lead.qualification_scores.select_related("scorecard").order_by("-pk")[:5],
        "assignment": given,
        "panels": panels_for("leads.lead", lead, request.user),  # type: ignore[arg-type]
        "may_change": request.user.has_perm("leads.change_lead"),
        "may_assign": request.user.has_perm("leads.assign_lead"),
        "may_hand_off": request.user.has_perm("leads.submit_handoff"),
        "is_open": lead.status in Lead.OPEN,
    }
    return render(request, "leads/lead.html", context, status=status)


def criteria_context(request: HttpRequest, lead: Lead) -> dict[str, Any]:
    """What the panel of the five criteria shows."""
    rows = {row.criterion: row for row in lead.answers.select_related("answered_by")}
    card = active_scorecard()
    verdict = judge(answers_of(lead), card)
    closed = lead.status in (Lead.Status.DISQUALIFIED, Lead.Status.CONVERTED)
    return {
        "lead": lead,
        "saved_parts": SAVED_PARTS,
        "card": card,
        "verdict": verdict,
        "band": verdict.high - verdict.low,
        "finding": finding(verdict),
        "criteria": [
            {"name": name, "label": QualificationAnswer.Criterion(name).label, "row": rows.get(name)}
            for name in CRITERIA
        ],
        "may_qualify": request.user.has_perm("leads.qualify_lead"),
        "readonly": closed or not request.user.has_perm("leads.qualify_lead"),
    }


def finding(verdict: Verdict) -> str:
    """The panel's title: what the answers come to."""
    if verdict.qualifies:
        return _("Score %(score)s: this lead qualifies") % {"score": shown(verdict.score)}
    if len(verdict.open) == 5:
        return _("Nothing is answered yet")
    if verdict.open:
        labels = [str(QualificationAnswer.Criterion(name).label) for name in verdict.open]
        names = _("%(some)s and %(last)s") % {"some": ", ".join(labels[:-1]), "last": labels[-1]}
        one = _("%(name)s is unanswered, so the lead cannot qualify") % {"name": labels[0]}
        return one if len(labels) == 1 else _("%(names)s are unanswered") % {"names": names}
    if verdict.gate_failures:
        return _("Authority is 0, so the lead never qualifies")
    return _("Score %(score)s of %(limit)s: not enough to qualify") % {
        "score": shown(verdict.score),
        "limit": shown(verdict.threshold),
    }


def gaps_of(lead: Lead) -> list[dict[str, Any]]:
    """The parts of the handoff package, the missing ones first, each with the way to fill it."""
    rows = []
    for section in handoff_sections:
        gap = section.gap(lead)
        url = reverse("lead-edit", args=[lead.pk]) if section.anchor == "edit" else section.anchor
        facts = {"label": section.label, "gap": gap, "url": url, "action": section.action}
        rows.append({**facts, "summary": "" if gap else section.summary(lead)})
    return sorted(rows, key=lambda row: not row["gap"])


def _waiting(request: HttpRequest, lead: Lead) -> dict[str, Any] | None:
    found = lead.handoffs.filter(status=Handoff.Status.SUBMITTED).select_related("to_user", "from_user").first()
    return {"handoff": found, "mine": may_decide(found, request.user)} if found else None


def _twins(request: HttpRequest, lead: Lead) -> list[dict[str, Any]]:
    if lead.status not in Lead.OPEN:
        return []
    found = lead_duplicates(
        viewer=request.user, email=lead.email, website=lead.website, exclude=lead.pk, lead=lead
    ) or near_leads(viewer=request.user, lead=lead)
    dismissed = dismissed_with(lead)
    return [twin for twin in found if twin["kind"] != "lead" or twin["id"] not in dismissed][:3]


def _keyfacts(lead: Lead, verdict: Verdict, given: Assignment | None) -> list[Figure]:
    answered = len(verdict.answers)
    limit = verdict.threshold.normalize()
    so_far = _("%(n)s of 5 answered, needs %(limit)s") % {"n": answered, "limit": f"{limit:f}"}
    fit = getattr(lead, "fit", None)
    days = (clock.now() - lead.created_at).days
    people = "" if lead.employees is None else _("%(n)s employees") % {"n": shown(lead.employees)}
    answer = answer_cell(lead, given.clock_state, given.sla_due_at) if given else None
    return [
        Figure(
            _("Score") if verdict.score is not None else _("Score so far"),
            _figure(verdict.so_far or Decimal(0)),
            "#criteria",
            so_far,
        ),
        Figure(_("Fit"), fit.score if fit else "–", reverse("lead-scores", args=[lead.pk]), _fit_note(lead)),
        *([Figure(_("First answer"), answer[0], tone=answer[1] if answer[1] == "bad" else "")] if answer else []),
        Figure(_("Industry"), lead.industry or _("not known"), "", people),
        Figure(_("Source"), source_words(lead.source) or _("not known"), "", lead.country),
        Figure(_("Age"), ngettext("%(n)s day", "%(n)s days", days) % {"n": days}),
    ]


def _fit_note(lead: Lead) -> str:
    """What the fit leads to where there is more than the fit: the grade of the rule card."""
    engagement = getattr(lead, "engagement", None)
    return _("by rules, grade %(grade)s") % {"grade": engagement.grade} if engagement else _("by rules")


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value.normalize():f}" if value == value.to_integral_value() else f"{value}"


# Forms ------------------------------------------------------------------------------------


@login_required
@permission_required("leads.add_lead", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a lead; one that looks like a record that exists is asked about first."""
    form = NewLeadForm(request.POST or None)
    twins: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            lead = services.create_lead(
                actor=request.user, allow_duplicate="allow_duplicate" in request.POST, **form.cleaned_data
            )
        except DuplicateSuspected as error:
            twins = error.facts["candidates"]
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Lead created."))
            return landing(request, lead, "lead-list")
    context = {
        "form": form,
        "title": _("New lead"),
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("New"), "")],
        "nav_key": "leads",
        "submit_label": _("Create lead"),
        "cancel_url": reverse("lead-list"),
        "twins": twins,
        "may_allow": request.user.has_perm("leads.allow_duplicate"),
    }
    return render(request, "accounts/form.html", context, status=409 if twins else 422 if form.errors else 200)


@login_required
@permission_required("leads.change_lead", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a lead's facts."""
    lead = lead_of(request, pk)
    form = LeadForm(request.POST or None, record=lead, initial={name: getattr(lead, name) for name in FACTS})
    if request.method == "POST" and form.is_valid():
        try:
            services.update_lead(lead=lead, version=shown_version(request), actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(lead)
    context = {
        "form": form,
        "title": _("Edit %(name)s") % {"name": lead},
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Edit"), "")],
        "nav_key": "leads",
        "record": lead,
        "version": request.POST.get("version") or lead.version,
        "cancel_url": lead.get_absolute_url(),
    }
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)
