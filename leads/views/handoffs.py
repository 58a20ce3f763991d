"""Handing a lead over, and the inbox of those it was handed to."""

from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import refused
from accounts.views.records import shown_version
from leads import services
from leads.forms import HandoffForm, RejectForm
from leads.models import Handoff, QualificationAnswer
from leads.registries import handoff_sections
from leads.selectors.handoffs import handoff_list, may_decide
from leads.services.handoffs import ANSWER_MINUTES, EXPIRES_AFTER_DAYS
from leads.views.records import gaps_of, lead_of
from revops.core import clock
from revops.core.errors import BadRequest, InvalidInput, MissingFields
from revops.core.templatetags.frame import duration, moment
from revops.core.views.lists import Figure
from revops.users.calendars import OpeningHours, default_calendar, opening_hours, working_minutes

SHOWN, MONTH = 50, 500
ANSWERED = (Handoff.Status.ACCEPTED, Handoff.Status.REJECTED)
TABS = (
    ("submitted", gettext_lazy("To answer")),
    ("accepted", gettext_lazy("Accepted")),
    ("rejected", gettext_lazy("Rejected")),
    ("expired", gettext_lazy("Expired")),
)
KNOWN = ("account", "contacts", "competition", "next_step", "qualification", "note")


@login_required
@permission_required("leads.submit_handoff", raise_exception=True)
@require_http_methods(["GET", "POST"])
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the seller; what the package lacks stands beside."""
    lead = lead_of(request, pk)
    form = HandoffForm(request.POST or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            handoff = services.submit_handoff(
                lead=lead, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except (InvalidInput, MissingFields) as error:
            refused(form, error)
        else:
            messages.success(request, _("With %(name)s now.") % {"name": handoff.to_user})
            return redirect(lead)
    gaps = gaps_of(lead)
    context = {
        "form": form,
        "title": _("Hand off %(name)s") % {"name": lead.company},
        "crumbs": [(_("Leads"), reverse("lead-list")), (lead.name, lead.get_absolute_url()), (_("Hand off"), "")],
        "nav_key": "leads",
        "record": lead,
        "lead": lead,
        "version": request.POST.get("version") or lead.version,
        "submit_label": _("Hand off"),
        "hours": ANSWER_MINUTES // 60,
        "cancel_url": lead.get_absolute_url(),
        "gaps": gaps,
        "open_gaps": [gap for gap in gaps if gap["gap"]],
    }
    return render(request, "leads/handoff.html", context, status=422 if form.errors else 200)


@login_required
@permission_required("leads.view_handoff", raise_exception=True)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for an answer, nearest limit first, with the opened package."""
    tab = request.GET.get("tab", "submitted")
    if tab not in dict(TABS):
        raise BadRequest("unknown_tab", _("There is no such list of handoffs."))
    seen = handoff_list(viewer=request.user)
    opened = _opened(request, seen)
    tab = opened.status if opened is not None else tab
    order = ("sla_due_at", "pk") if tab == "submitted" else ("-decided_at", "-pk")
    rows = list(seen.filter(status=tab).order_by(*order)[:SHOWN])
    opened = opened or (rows[0] if rows else None)
    hours = opening_hours(default_calendar())
    decided = seen.filter(status__in=ANSWERED).order_by("-decided_at", "-pk")
    context = {
        "title": _("Handoffs"),
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (_("Handoffs"), "")],
        "tabs": _tabs(seen, tab),
        "items": [_item(row, hours, row == opened) for row in rows],
        "package": package_of(opened, request.user, hours) if opened else None,
        "reject": RejectForm(),
        "hours": ANSWER_MINUTES // 60,
        "days": EXPIRES_AFTER_DAYS,
        "figures": _figures(decided.filter(decided_by=request.user), hours),
        "answered": _answered(decided, hours) if tab == "submitted" else [],
    }
    return render(request, "leads/inbox.html", context)


def _figures(decided: QuerySet[Handoff], hours: OpeningHours) -> list[Figure]:
    """How fast one answers and how often with yes, this month so far."""
    first = clock.now().astimezone(clock.company_zone()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = list(decided.filter(decided_at__gte=first)[:MONTH])
    if not rows:
        return []
    half = int(median(_taken(row, hours) for row in rows))
    yes = sum(row.status == Handoff.Status.ACCEPTED for row in rows)
    n = len(rows)
    return [
        Figure(_("Your answers, %(month)s") % {"month": moment(first, "LLLL")}, duration(half), note=_("median")),
        Figure(_("Accepted"), _("%(yes)s of %(n)s") % {"yes": yes, "n": n}, url="?tab=accepted"),
    ]


def _taken(row: Handoff, hours: OpeningHours) -> int:
    return working_minutes(row.created_at, row.decided_at or row.created_at, hours)


def _answered(decided: QuerySet[Handoff], hours: OpeningHours) -> list[dict[str, Any]]:
    """The last answers of a week, in words."""
    rows = decided.filter(decided_at__gte=clock.now() - timedelta(days=7)).select_related("lead")[:5]
    return [
        {
            "handoff": row,
            "words": _("Accepted in %(time)s") % {"time": duration(_taken(row, hours))}
            if row.status == Handoff.Status.ACCEPTED
            else _("Rejected: %(reason)s") % {"reason": row.reason},
        }
        for row in rows
    ]


def _item(row: Handoff, hours: OpeningHours, current: bool) -> dict[str, Any]:
    score = _numbers(row.package.get("qualification", {}))["score"]
    return {"handoff": row, "sla": sla(row, hours), "current": current, "score": score}


def _opened(request: HttpRequest, seen: QuerySet[Handoff]) -> Handoff | None:
    raw = request.GET.get("open", "")
    if not raw:
        return None
    if not raw.isascii() or not raw.isdigit() or len(raw) > 15:
        raise BadRequest("bad_open", _("This page address is damaged. Open the handoff from the list."))
    return get_object_or_404(seen, pk=int(raw))


def _tabs(seen: QuerySet[Handoff], current: str) -> list[dict[str, Any]]:
    counts = dict(seen.order_by().values_list("status").annotate(n=Count("pk")))
    return [
        {"label": label, "url": f"?tab={key}", "count": counts.get(key, 0), "current": key == current}
        for key, label in TABS
    ]


def package_of(handoff: Handoff, user: Any, hours: OpeningHours) -> dict[str, Any]:
    """The package as it stood when it was sent, ready for the page."""
    package = handoff.package
    others = [
        {"label": section.label, "value": package[section.key]}
        for section in handoff_sections
        if section.key in package and section.key not in KNOWN
    ]
    waiting = handoff.status == Handoff.Status.SUBMITTED
    return {
        "handoff": handoff,
        "sla": sla(handoff, hours),
        "account": package.get("account", {}),
        "contacts": package.get("contacts", []),
        "qualification": _numbers(package.get("qualification", {})),
        "competition": package.get("competition", ""),
        "next_step": package.get("next_step", ""),
        "note": package.get("note", ""),
        "others": others,
        "may_decide": waiting and may_decide(handoff, user) and user.has_perm("leads.decide_handoff"),
        "may_withdraw": waiting and handoff.from_user_id == user.pk,
    }


def _numbers(qualification: dict[str, Any]) -> dict[str, Any]:
    """JSON keeps decimals as text; the page formats numbers."""
    answers = [
        {**row, "value": Decimal(row["value"]), "label": QualificationAnswer.Criterion(row["criterion"]).label}
        for row in qualification.get("answers", [])
    ]
    score = qualification.get("score")
    return {**qualification, "answers": answers, "score": None if score is None else Decimal(score)}


def sla(handoff: Handoff, hours: OpeningHours) -> tuple[str, str]:
    """Time left to the answer in working time, as words and state."""
    if handoff.status != Handoff.Status.SUBMITTED:
        return (handoff.get_status_display(), "done")
    now = clock.now()
    if now > handoff.sla_due_at:
        over = working_minutes(handoff.sla_due_at, now, hours)
        return (_("%(time)s over") % {"time": duration(over)}, "bad")
    left = working_minutes(now, handoff.sla_due_at, hours)
    words = _("%(time)s left, until %(until)s") % {"time": duration(left), "until": _at(handoff.sla_due_at)}
    return (words, "warn" if left < ANSWER_MINUTES / 3 else "open")


def _at(instant: datetime) -> str:
    local = instant.astimezone(clock.company_zone())
    return moment(local, "HH:mm" if local.date() == clock.today() else "EEE HH:mm")


@login_required
@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Not taken, and why."""
    handoff = get_object_or_404(handoff_list(viewer=request.user), pk=pk)
    form = RejectForm(request.POST)
    reason = form.sentence() if form.is_valid() else ""
    services.reject_handoff(handoff=handoff, reason=reason, version=shown_version(request), actor=request.user)
    messages.success(request, _("Rejected. %(name)s sees why.") % {"name": handoff.from_user})
    return redirect("handoff-inbox")


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Taken back by the sender."""
    handoff = get_object_or_404(handoff_list(viewer=request.user), pk=pk)
    services.withdraw_handoff(handoff=handoff, version=shown_version(request), actor=request.user)
    messages.success(request, _("Taken back. The lead is in work again."))
    return redirect(handoff.lead)
