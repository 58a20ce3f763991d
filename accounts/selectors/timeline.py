"""What happened on a record, newest first: activities and recorded changes in one feed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from accounts.models import Account, Activity, Contact
from accounts.registries import timeline_sources
from revops.core import clock
from revops.core.audit import action_text
from revops.core.custom.values import explained
from revops.core.models import AuditEntry
from revops.core.wording import field_text

SHOWN = 40
ICONS = {
    Activity.Kind.NOTE: "note",
    Activity.Kind.CALL: "phone",
    Activity.Kind.EMAIL: "mail",
    Activity.Kind.MEETING: "calendar-event",
    Activity.Kind.VISIT: "map-pin",
    Activity.Kind.TASK: "checkbox",
}
# Written with the record itself; the other rows of the feed say it better.
SILENT = frozenset({"activity.logged", "activity.planned"})


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the feed."""

    at: datetime
    icon: str
    title: str
    who: str
    text: str = ""
    tone: str = ""
    minutes: int | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def day(self) -> date:
        """The company's day on which it happened."""
        return clock.business_day(self.at)


def timeline(*, record: Model, activities: QuerySet[Activity], limit: int = SHOWN) -> list[TimelineEntry]:
    """The feed of a record that the viewer may see; `activities` is already scoped to them."""
    done = activities.filter(happened_at__isnull=False).select_related("owner").order_by("-happened_at", "-pk")
    log = AuditEntry.objects.about(record).filter(area="").select_related("actor").order_by("-at", "-pk")
    entries = [*(_of_activity(row) for row in done[:limit]), *_of_log(log[:limit])]
    for source in timeline_sources:
        entries += source.entries(record, limit)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def activities_of(record: Account | Contact, *, viewer: Any) -> QuerySet[Activity]:
    """The activities of an account (its contacts' included) or of a contact that the viewer may see."""
    about = Q(account=record) if isinstance(record, Account) else Q(contact=record)
    return Activity.objects.visible_to(viewer).filter(about)


def _of_activity(row: Activity) -> TimelineEntry:
    assert row.happened_at is not None
    text = "\n".join(part for part in (row.body, row.outcome) if part)
    return TimelineEntry(
        at=row.happened_at,
        icon=ICONS[Activity.Kind(row.kind)],
        title=f"{row.get_kind_display()}: {row.subject}",
        who=str(row.owner),
        text=text,
        tone="ok",
        minutes=row.minutes,
    )


def _of_log(rows: Iterable[AuditEntry]) -> Iterable[TimelineEntry]:
    for row in rows:
        if row.action in SILENT:
            continue
        changes = [_change(row, name) for name in row.after]
        yield TimelineEntry(
            at=row.at,
            icon="arrow-right",
            title=action_text(row.action),
            who=str(row.actor) if row.actor else "",
            text=str(row.facts.get("reason") or row.facts.get("note") or ""),
            tone="accent",
            changes=changes,
        )


def _change(row: AuditEntry, name: str) -> tuple[str, str, str]:
    """A field, what it was, what it is; custom fields as they are called, with their values in words."""
    was, now = row.before.get(name), row.after[name]
    custom = explained(row.model, name, was, now)
    if custom is not None:
        label, was, now = custom
        return label, _said(was), _said(now)
    return field_text(row.model, name), _said(was), _said(now)


def _said(value: Any) -> str:
    if isinstance(value, dict) and "label" in value:
        return str(value["label"])
    return "–" if value in (None, "", [], {}) else str(value)
