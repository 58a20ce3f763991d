"""Needs as lists, pages, the API and the handoff package show them."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from leads.models import Lead
from leads.registries import HandoffSection
from opportunities.models import Need, NeedsAnalysis


def analysis_list(*, viewer: Any) -> QuerySet[NeedsAnalysis]:
    """Analyses with their needs."""
    needs = Need.objects.select_related("created_by", "stated_by")
    rows = NeedsAnalysis.objects.visible_to(viewer).select_related("lead", "opportunity")
    return rows.prefetch_related(Prefetch("needs", queryset=needs))


def need_list(*, viewer: Any) -> QuerySet[Need]:
    """Needs with where they belong and who wrote them down."""
    joins = ("analysis__lead", "analysis__opportunity", "created_by", "stated_by")
    return Need.objects.visible_to(viewer).select_related(*joins)


def needs_of(lead: Lead) -> list[Need]:
    """What was captured on a lead."""
    return list(Need.objects.filter(analysis__lead=lead).order_by("priority", "pk"))


def _summary(lead: Lead) -> str:
    count = len(needs_of(lead))
    return ngettext("%(n)s need", "%(n)s needs", count) % {"n": count} if count else _("None captured yet")


NEEDS_SECTION = HandoffSection(
    key="needs",
    label=gettext_lazy("Needs"),
    gap=lambda lead: "",  # a lead may be handed off before anything was asked
    snapshot=lambda lead: [
        {"label": need.statement, "kind": need.kind, "priority": need.priority} for need in needs_of(lead)
    ],
    summary=_summary,
    order=35,
)
