"""Two records beside each other, to become one; and the merges of a record, to be taken apart."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.views.records import shown_version
from revops.core import merging
from revops.core.custom.definitions import fields_of
from revops.core.merging import CUSTOM
from revops.core.models import MergeRecord
from revops.core.money import Money
from revops.core.registries import MergeKind, merge_kinds
from revops.core.scope import require
from revops.core.search import best

FOUND = 20
LISTS = {"accounts.account": "account-list", "accounts.contact": "contact-list", "leads.lead": "lead-list"}


@login_required
@require_http_methods(["GET", "POST"])
def account_merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Merge another account into this one."""
    return compare(request, "accounts.account", pk, other)


@login_required
@require_http_methods(["GET", "POST"])
def contact_merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Merge another contact into this one."""
    return compare(request, "accounts.contact", pk, other)


@login_required
@require_GET
def choose(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Which one is the same? For those that somebody knows to be one and that do not look alike."""
    entry = merge_kinds.get(kind)
    if entry is None:
        raise Http404
    require(request.user, entry.permission, _("Your role does not merge records."))
    rows: Any = entry.model._default_manager
    record = get_object_or_404(rows.visible_to(request.user), pk=pk)
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    others = rows.visible_to(request.user).filter(merged_into=None).exclude(pk=record.pk)
    found = best(others.select_related("owner"), text, FOUND)
    context = {
        "title": _("Merge %(name)s with another") % {"name": record},
        "crumbs": [(entry.label, reverse(LISTS[kind])), (str(record), record.get_absolute_url()), (_("Merge"), "")],
        "record": record,
        "q": text,
        "rows": [{"record": row, "sub": _about(row), "url": reverse(entry.page, args=[pk, row.pk])} for row in found],
    }
    return render(request, "accounts/merge_choose.html", context)


def _about(record: Any) -> str:
    facts = (getattr(record, name, "") for name in ("company", "account", "domain", "email", "phone", "owner"))
    return ", ".join(str(fact) for fact in facts if fact)


def compare(request: HttpRequest, key: str, pk: int, other: int) -> HttpResponse:
    """GET shows both columns and what moves; POST merges, with the chosen side of each field."""
    kind = merge_kinds.get(key)
    if kind is None or pk == other:
        raise Http404
    require(request.user, kind.permission, _("Your role does not merge records."))
    rows: Any = kind.model._default_manager
    winner = get_object_or_404(rows.visible_to(request.user), pk=pk)
    loser = get_object_or_404(rows.visible_to(request.user), pk=other)
    if request.method == "POST":
        kind.merge(
            winner=winner,
            loser=loser,
            version=shown_version(request),
            actor=request.user,
            choices=_choices(request.POST),
        )
        messages.success(request, _("Merged. It can be taken apart for 30 days."))
        return redirect(winner)
    moves = _moves(request, winner, loser)
    context = {
        "title": _("Merge %(loser)s into %(winner)s") % {"loser": loser, "winner": winner},
        "crumbs": [(kind.label, reverse(LISTS[key])), (str(winner), winner.get_absolute_url()), (_("Merge"), "")],
        "winner": winner,
        "loser": loser,
        "rows": _rows(kind, winner, loser),
        "moves": [row for row in moves if row["goes"] or row["page"]],
        # Scores, turns and the like: nobody knows them by name, and none is lost.
        "history": sum(row["stays"] for row in moves if not (row["goes"] or row["page"])),
        "swap_url": reverse(kind.page, args=[other, pk]),
    }
    return render(request, "accounts/merge.html", context)


def _choices(data: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix("choice-"): data[name] for name in data if name.startswith("choice-")}


def _rows(kind: MergeKind, winner: Any, loser: Any) -> list[dict[str, Any]]:
    """Fields in which the two differ; what the winner leaves empty comes from the other."""
    found = []
    for name in kind.fields:
        field: Any = kind.model._meta.get_field(name)
        found.append(_row(name, field.verbose_name, getattr(winner, name), getattr(loser, name), winner, loser))
    for definition in fields_of(kind.model):
        name = definition.key
        if name in winner.custom or name in loser.custom:
            values = winner.custom.get(name), loser.custom.get(name)
            found.append(_row(f"{CUSTOM}{name}", definition.label, *values, winner, loser))
    return [row for row in found if row["left"] != row["right"]]


def _row(name: str, label: Any, left: Any, right: Any, winner: Any, loser: Any) -> dict[str, Any]:
    filled = merging.is_empty(left) and not merging.is_empty(right)
    return {
        "name": name,
        "label": str(label).capitalize(),
        "left": _shown(winner, name, left),
        "right": _shown(loser, name, right),
        "side": "loser" if filled else "winner",
    }


def _shown(record: Any, name: str, value: Any) -> str:
    if merging.is_empty(value):
        return ""
    if name == "annual_revenue":
        return Money(value, record.currency).format()
    label = getattr(record, f"get_{name}_display", None)
    return str(label() if label else value)


def _moves(request: HttpRequest, winner: Any, loser: Any) -> list[dict[str, Any]]:
    """What goes along and what stays under the old name, as far as the viewer sees it."""
    found: dict[str, dict[str, Any]] = {}
    for share in merging.shares_of(winner, loser):
        if share.field.name == "merged_into":
            continue
        manager: Any = share.field.model._default_manager
        if hasattr(manager, "visible_to"):
            keys = manager.visible_to(request.user).values("pk")
            goes, stays = share.goes.filter(pk__in=keys).count(), share.stays.filter(pk__in=keys).count()
        else:
            goes, stays = share.goes.count(), share.stays.count()
        row = found.setdefault(share.label, {"label": share.label, "goes": 0, "stays": 0, "page": False})
        row["goes"] += goes
        row["stays"] += stays
        row["page"] |= hasattr(share.field.model, "get_absolute_url")
    return [row for row in found.values() if row["goes"] or row["stays"]]


# Merges of a record -----------------------------------------------------------------------


@login_required
@require_GET
def merges_of(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """The merges of a record that can still be taken apart: a card on its page."""
    entry = merge_kinds.get(kind)
    if entry is None:
        raise Http404
    rows: Any = entry.model._default_manager
    record = get_object_or_404(rows.visible_to(request.user), pk=pk)
    found = MergeRecord.objects.visible_to(request.user).standing().filter(model=kind, winner_id=record.pk)
    context = {
        "record": record,
        "merges": [
            (row, merging.until(row))
            for row in found.select_related("merged_by").order_by("-pk")
            if merging.can_undo(row)
        ],
        "kind": kind,
        "may_undo": request.user.has_perm(entry.permission),
        "may_merge": request.user.has_perm(entry.permission) and record.merged_into_id is None,
    }
    return render(request, "accounts/merge_panel.html", context)


@login_required
@require_POST
def undo_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge apart; what changed since is kept and said."""
    row = get_object_or_404(MergeRecord.objects.visible_to(request.user), pk=pk)
    kind = merge_kinds.get(row.model)
    if kind is None:
        raise Http404
    done = kind.undo(merge=row, actor=request.user)
    loser: Any = kind.model._default_manager.visible_to(request.user).filter(pk=row.loser_id).first()  # type: ignore[attr-defined]
    messages.success(request, _("“%(name)s” stands by itself again.") % {"name": done.loser_label})
    if done.kept:
        lines = [f"{line['what']} {line.get('label', '')}: {line['why']}" for line in done.kept[:10]]
        messages.warning(request, _("Left as it is now: %(lines)s.") % {"lines": "; ".join(lines)})
    return redirect(loser or LISTS[row.model])
