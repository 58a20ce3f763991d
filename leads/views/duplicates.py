"""The queue of pairs that look like one, and two leads beside each other."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.selectors.duplicates import reason_texts
from accounts.views.merging import compare
from accounts.views.records import shown_version
from leads import services
from leads.models import DuplicatePair, Lead
from leads.models.duplicates import MODELS
from leads.selectors.duplicates import both_of, waiting_pairs
from revops.core.registries import merge_kinds
from revops.core.scope import require

SHOWN = 50
SEE = "leads.view_lead"


@login_required
@require_http_methods(["GET", "POST"])
def lead_merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Merge another lead into this one."""
    return compare(request, "leads.lead", pk, other)


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What is to decide, most alike first; `?kind=` of one kind only."""
    require(request.user, SEE)
    kind = request.GET.get("kind", "")
    rows = waiting_pairs(viewer=request.user)
    counts = {key: rows.filter(kind=key).count() for key in MODELS}
    if kind in MODELS:
        rows = rows.filter(kind=kind)
    shown = list(rows[: SHOWN + 1])
    title = _("Possible duplicates")
    context = {
        "title": title,
        "nav_key": "leads",
        "crumbs": [(_("Leads"), reverse("lead-list")), (title, "")],
        "views": [
            {"label": _("All"), "url": reverse("duplicate-queue"), "count": sum(counts.values()), "current": not kind},
            *(
                {"label": label, "url": f"?kind={key}", "count": counts[key], "current": kind == key}
                for key, label in DuplicatePair.Kind.choices
            ),
        ],
        "lines": _lines(request, shown[:SHOWN]),
        "more": len(shown) > SHOWN,
        "may_scan": request.user.has_perm("leads.merge_lead"),
    }
    return render(request, "leads/duplicates.html", context)


def _lines(request: HttpRequest, pairs: list[DuplicatePair]) -> list[dict[str, Any]]:
    records = both_of(pairs)
    found = []
    for pair in pairs:
        # The older one stays, unless somebody turns it round.
        low, high = records[pair.kind, pair.low_id], records[pair.kind, pair.high_id]
        kind = merge_kinds.get(low._meta.label_lower)
        assert kind is not None
        found.append(
            {
                "pair": pair,
                "low": low,
                "high": high,
                "subs": (_sub(low), _sub(high)),
                "reasons": reason_texts(pair.reasons),
                "merge_url": reverse(kind.page, args=[low.pk, high.pk]),
                "may_decide": request.user.has_perm(kind.permission),
            }
        )
    return found


def _sub(record: Any) -> str:
    about = getattr(record, "company", "") or getattr(record, "account", "") or getattr(record, "domain", "")
    holder = record.owner or getattr(record, "queue", "")
    return ", ".join(str(part) for part in (about, getattr(record, "email", ""), holder) if part)


@login_required
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Not the same, or later."""
    acts: dict[str, Any] = {"dismiss": services.dismiss_pair, "later": services.postpone_pair}
    if verb not in acts:
        raise Http404
    pair = get_object_or_404(DuplicatePair.objects.visible_to(request.user), pk=pk)
    acts[verb](pair=pair, version=shown_version(request), actor=request.user)
    messages.success(
        request, _("They are two. You are not asked again.") if verb == "dismiss" else _("It comes back in a week.")
    )
    return redirect("duplicate-queue")


@login_required
@require_POST
def not_the_same(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two leads that a lead's page shows as alike are two."""
    rows = Lead.objects.visible_to(request.user)
    one, twin = get_object_or_404(rows, pk=pk), get_object_or_404(rows, pk=other)
    services.dismiss_records(kind="lead", one=one, other=twin, actor=request.user)
    messages.success(request, _("They are two. You are not asked again."))
    return redirect(one)


@login_required
@require_POST
def scan(request: HttpRequest) -> HttpResponse:
    """Look for pairs now; a page shows how far it is."""
    return redirect("core:job", pk=services.start_scan(actor=request.user).pk)
