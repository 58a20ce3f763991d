"""Cases with what a screen needs beside them."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Activity
from accounts.selectors.timeline import ICONS
from postsales.models import SlaBreach, SupportCase

Row = dict[str, Any]


def case_list(*, viewer: Any) -> QuerySet[SupportCase]:
    """Cases with account, contact and owner, the log for their clocks, and whether a target was missed."""
    breaches = SlaBreach.objects.filter(case=OuterRef("pk"))
    return (
        SupportCase.objects.visible_to(viewer)
        .select_related("account", "contact", "owner")
        .prefetch_related("log")
        .annotate(is_breached=Exists(breaches))
    )


def case_record(*, viewer: Any) -> QuerySet[SupportCase]:
    """One case with all that its page shows."""
    return case_list(viewer=viewer).select_related("policy", "opened_by").prefetch_related("breaches")


def breached_cases(*, viewer: Any) -> QuerySet[SupportCase]:
    """Unsolved cases that missed a target."""
    return case_list(viewer=viewer).unsolved().filter(is_breached=True)  # type: ignore[attr-defined]


def wanting_somebody(*, user: Any) -> QuerySet[SupportCase]:
    """Unsolved cases of this person, and those of nobody that the person sees. Waiting ones do not want us."""
    cases = SupportCase.objects.visible_to(user).unsolved().exclude(status=SupportCase.Status.PENDING_CUSTOMER)
    mine = Q(owner=user) | Q(owner__isnull=True)
    return cases.filter(mine).select_related("account").prefetch_related("log").order_by("priority", "opened_at")


def timeline(case: SupportCase, activities: QuerySet[Activity]) -> list[Row]:
    """What was said, done and changed, newest first; `activities` are those on it that the viewer may see."""
    said = [
        {"at": row.at, "kind": row.kind, "title": row.get_kind_display(), "by": row.author, "body": row.body}
        for row in case.comments.select_related("author")
    ]
    changed = [
        {"at": row.at, "kind": "status", "title": row.get_status_display(), "by": row.by, "body": ""}
        for row in case.log.select_related("by")
    ]
    done = [
        {
            "at": row.happened_at,
            "kind": "activity",
            "icon": ICONS[Activity.Kind(row.kind)],
            "title": f"{row.get_kind_display()}: {row.subject}",
            "by": row.owner,
            "body": "\n".join(part for part in (row.body, row.outcome) if part),
        }
        for row in activities.filter(happened_at__isnull=False).select_related("owner")
    ]
    return sorted([*said, *changed, *done], key=lambda row: row["at"], reverse=True)
