"""The funnel: how many leads stand in each state now, by source, and on the days before."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum

from accounts.models import Activity
from leads.models import Assignment, FunnelSnapshot, Lead
from leads.selectors.leads import funnel

PATH = (Lead.Status.NEW, Lead.Status.WORKING, Lead.Status.QUALIFIED, Lead.Status.CONVERTED)
SOURCES = 12

__all__ = ["by_source", "days_of_funnel", "due_answers", "funnel", "funnel_on", "my_tasks"]


def funnel_on(*, viewer: Any, on: date) -> list[dict[str, Any]]:
    """The funnel as it stood at the end of a day, from its snapshot."""
    rows = FunnelSnapshot.objects.visible_to(viewer).filter(on=on).order_by()
    counts = dict(rows.values_list("status").annotate(n=Sum("count")))
    return [{"status": value, "label": label, "count": counts.get(value, 0)} for value, label in Lead.Status.choices]


def days_of_funnel(*, viewer: Any, until: date, days: int) -> dict[date, dict[str, int]]:
    """Day -> state -> count of the days that have a snapshot, in order."""
    rows = FunnelSnapshot.objects.visible_to(viewer).filter(on__gt=until - timedelta(days=days), on__lte=until)
    found: dict[date, dict[str, int]] = {}
    for on, status, n in rows.order_by("on").values_list("on", "status").annotate(n=Sum("count")):
        found.setdefault(on, {})[status] = n
    return found


def by_source(*, viewer: Any) -> list[dict[str, Any]]:
    """The states of the way by source, the largest sources first."""
    rows = Lead.objects.visible_to(viewer).filter(archived_at__isnull=True, status__in=PATH).order_by()
    found: dict[str, dict[str, Any]] = {}
    for source, status, n in rows.values_list("source", "status").annotate(n=Count("pk")):
        found.setdefault(source, {"source": source, "all": 0})[status] = n
        found[source]["all"] += n
    largest = sorted(found.values(), key=lambda row: (-row["all"], row["source"]))[:SOURCES]
    return [{**row, "cells": [(status, row.get(status, 0)) for status in PATH]} for row in largest]


def due_answers(*, viewer: Any) -> QuerySet[Assignment]:
    """The viewer's own routed leads whose first answer is still due, the nearest first."""
    rows = Assignment.objects.filter(is_current=True, clock_state=Assignment.Clock.RUNS, user=viewer)
    rows = rows.filter(lead__status=Lead.Status.NEW)  # whoever began to work on it has answered
    return rows.filter(lead__in=Lead.objects.visible_to(viewer)).select_related("lead").order_by("sla_due_at", "pk")


def my_tasks(*, viewer: Any) -> QuerySet[Activity]:
    """What the viewer planned on leads, the earliest first."""
    rows = Activity.objects.filter(owner=viewer, status=Activity.Status.PLANNED, lead_link__isnull=False)
    return rows.select_related("lead_link__lead").order_by("due_at", "pk")
