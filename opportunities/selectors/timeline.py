"""What happened on a deal, newest first: activities, moves, changes of fields, quotes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Activity
from opportunities.models import Category, Opportunity, Quote, StageHistory
from revops.core import audit, clock
from revops.core.custom.values import explained
from revops.core.models import AuditEntry
from revops.core.money import Money
from revops.core.templatetags.frame import day, money_text

ICONS = {
    "note": "note",
    "call": "phone",
    "email": "mail",
    "meeting": "calendar-event",
    "visit": "map-pin",
    "task": "checkbox",
}
# Moves have rows of their own; what these entries changed besides is shown with them.
CHANGES = (
    "opportunity.updated",
    "opportunity.moved",
    "opportunity.won",
    "opportunity.lost",
    "opportunity.handed_over",
    "opportunity.category_set",
    "opportunity.splits_set",
    "opportunity.team_joined",
    "opportunity.team_left",
)
CHOICES = {**dict(Category.choices), **dict(Opportunity.Kind.choices)}


@dataclass(frozen=True)
class Event:
    """One entry of the timeline."""

    at: datetime
    icon: str
    title: str
    tone: str = ""
    text: str = ""
    time: str = ""
    who: Any = None
    url: str = ""
    was: str = ""
    now: str = ""


@dataclass(frozen=True)
class Timeline:
    """A stretch of the timeline by days, and where the earlier part begins."""

    days: list[tuple[str, list[Event]]]
    earlier: datetime | None


def timeline(opportunity: Opportunity, *, before: datetime | None = None, limit: int = 30) -> Timeline:
    """The newest `limit` entries before an instant, in a fixed number of queries."""
    end = before or clock.now()
    events = sorted(
        [
            *_activities(opportunity, end, limit),
            *_moves(opportunity, end, limit),
            *_changes(opportunity, end, limit),
            *_quotes(opportunity, end, limit),
        ],
        key=lambda event: event.at,
        reverse=True,
    )
    shown = events[:limit]
    return Timeline(list(_by_day(shown)), shown[-1].at if len(events) > limit else None)


def _by_day(events: Iterable[Event]) -> Iterator[tuple[str, list[Event]]]:
    today = clock.today()
    for on, group in groupby(events, key=lambda event: clock.business_day(event.at)):
        yield _day_name(on, today), list(group)


def _day_name(on: date, today: date) -> str:
    name = date_format(on, "l j F" if on.year == today.year else "l j F Y")
    return _("Today, %(day)s") % {"day": name} if on == today else name


def _clock_of(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


def _activities(opportunity: Opportunity, end: datetime, limit: int) -> Iterator[Event]:
    rows = (
        Activity.objects.filter(
            opportunity_link__opportunity=opportunity, status=Activity.Status.COMPLETED, happened_at__lte=end
        )
        .select_related("owner", "contact")
        .order_by("-happened_at", "-pk")[: limit + 1]
    )
    for row in rows:
        at = row.happened_at or end
        length = _(", %(n)s min") % {"n": row.minutes} if row.minutes else ""
        yield Event(
            at=at,
            icon=ICONS.get(row.kind, "note"),
            title=row.subject,
            tone="" if row.kind in ("note", "email", "call") else "ok",
            text="\n".join(filter(None, [row.body, row.outcome])),
            time=_clock_of(at) + length,
            who=row.owner,
        )


def _moves(opportunity: Opportunity, end: datetime, limit: int) -> Iterator[Event]:
    rows = (
        StageHistory.objects.filter(opportunity=opportunity, at__lte=end)
        .select_related("from_stage", "to_stage", "by")
        .order_by("-at", "-pk")[: limit + 1]
    )
    for row in rows:
        if row.from_stage is None:
            title, text = _("Opened in %(stage)s") % {"stage": row.to_stage}, ""
        else:
            title = _("Stage %(a)s to %(b)s") % {"a": row.from_stage, "b": row.to_stage}
            text = _stood(row)
        yield Event(row.at, "arrow-right", title, "accent", text, _clock_of(row.at), row.by)


def _stood(row: StageHistory) -> str:
    days = (row.seconds_in_stage or 0) // 86400
    if not days:
        return _("Less than a day in %(stage)s.") % {"stage": row.from_stage}
    words = ngettext("%(n)s day in %(stage)s.", "%(n)s days in %(stage)s.", days)
    return words % {"n": days, "stage": row.from_stage}


def _changes(opportunity: Opportunity, end: datetime, limit: int) -> Iterator[Event]:
    rows = (
        AuditEntry.objects.about(opportunity)
        .filter(action__in=CHANGES, at__lte=end, area="")
        .select_related("actor")
        .order_by("-at", "-pk")[: limit + 1]
    )
    for row in rows:
        if row.action in ("opportunity.team_joined", "opportunity.team_left"):
            yield _team_event(row)
        for name in row.after:
            if name != "category_overridden" and row.before.get(name) != row.after[name]:
                yield _field_event(row, name, opportunity.currency)


def _team_event(row: AuditEntry) -> Event:
    user = row.facts.get("user") or {}
    joined = row.action == "opportunity.team_joined"
    words = _("%(name)s joined the deal team") if joined else _("%(name)s left the deal team")
    return Event(row.at, "users", words % {"name": user.get("label", "")}, "accent", "", _clock_of(row.at), row.actor)


def _field_event(row: AuditEntry, name: str, currency: str) -> Event:
    was, now = row.before.get(name), row.after.get(name)
    label, was, now = explained(row.model, name, was, now) or (
        _label(name),
        _said(name, was, currency),
        _said(name, now, currency),
    )
    return Event(
        at=row.at,
        icon="chart-pie" if name == "splits" else "pencil",
        title=label,
        tone="accent",
        time=_clock_of(row.at),
        who=row.actor,
        was=was,
        now=now or _("nothing"),
    )


def _label(name: str) -> str:
    if name == "splits":
        return _("Credit split")
    field = next((field for field in Opportunity._meta.fields if field.name == name), None)
    return str(field.verbose_name).capitalize() if field else name


def _said(name: str, value: Any, currency: str) -> str:
    """A stored value in words: money with its currency, dates and choices as the form shows them."""
    if value in (None, ""):
        return ""
    if isinstance(value, dict):
        return str(value.get("label", ""))
    if isinstance(value, list):
        return ", ".join(f"{row[0]} {row[2]} %" for row in value)
    if name == "amount":
        return money_text(Money(Decimal(str(value)), currency), "auto")
    if name == "close_on":
        return day(date.fromisoformat(str(value)))
    return str(CHOICES.get(str(value), value)) if name in ("category", "kind") else str(value)


def _quotes(opportunity: Opportunity, end: datetime, limit: int) -> Iterator[Event]:
    numbers = {str(quote.pk): quote for quote in Quote.objects.filter(opportunity=opportunity).order_by("-pk")[:50]}
    if not numbers:
        return
    rows = (
        AuditEntry.objects.filter(
            model=Quote._meta.label_lower,
            object_id__in=list(numbers),
            action__startswith="quote.",
            area="",
            at__lte=end,
        )
        .select_related("actor")
        .order_by("-at", "-pk")[: limit + 1]
    )
    for row in rows:
        yield Event(
            at=row.at,
            icon="file-invoice",
            title=f"{audit.action_text(row.action)}: {numbers[row.object_id].number}",
            tone="accent",
            time=_clock_of(row.at),
            who=row.actor,
        )
