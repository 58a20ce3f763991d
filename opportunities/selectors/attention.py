"""What wants somebody's attention: the next action of a deal, and how long nothing has happened on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Activity
from opportunities.models import Opportunity, OpportunityActivity
from revops.core import clock

WHEN = ("late", "today", "later", "none")


@dataclass(frozen=True)
class NextAction:
    """The earliest planned activity, in words, and whether it is today, late, later or none."""

    text: str
    when: str
    due_at: datetime | None = None
    activity: Activity | None = None


def end_of_day(now: datetime) -> datetime:
    """The first instant of the company's next day."""
    zone = clock.company_zone()
    return datetime.combine(clock.business_day(now) + timedelta(days=1), datetime.min.time(), zone)


def _planned() -> QuerySet[OpportunityActivity]:
    return OpportunityActivity.objects.filter(opportunity=OuterRef("pk"), activity__status=Activity.Status.PLANNED)


def next_is(when: str, now: datetime) -> Q:
    """Deals whose next action is late, today, later or none (a condition for filters and counts)."""
    planned, tonight = _planned(), end_of_day(now)
    late = Q(Exists(planned.filter(activity__due_at__lt=now)))
    today = Q(Exists(planned.filter(activity__due_at__gte=now, activity__due_at__lt=tonight)))
    return {
        "late": late,
        "today": today & ~late,
        "later": Q(Exists(planned)) & ~Q(Exists(planned.filter(activity__due_at__lt=tonight))),
        "none": ~Q(Exists(planned)),
    }[when]


def ageing(rows: QuerySet[Opportunity], now: datetime) -> QuerySet[Opportunity]:
    """Open deals on which nothing happened for longer than their stage permits."""
    limit = ExpressionWrapper(
        Value(now, output_field=DateTimeField())
        - ExpressionWrapper(F("stage__quiet_days") * Value(timedelta(days=1)), output_field=DurationField()),
        output_field=DateTimeField(),
    )
    rows = rows.filter(status=Opportunity.Status.OPEN).annotate(quiet_limit=limit)
    touched = OpportunityActivity.objects.filter(
        opportunity=OuterRef("pk"),
        activity__status=Activity.Status.COMPLETED,
        activity__happened_at__gte=OuterRef("quiet_limit"),
    )
    return rows.filter(~Exists(touched), stage_entered_at__lt=F("quiet_limit"))


def next_actions(keys: Iterable[Any], now: datetime) -> dict[int, NextAction]:
    """The next action of each of these deals, in one query."""
    links = (
        OpportunityActivity.objects.filter(opportunity_id__in=list(keys), activity__status=Activity.Status.PLANNED)
        .select_related("activity")
        .order_by("opportunity_id", "activity__due_at", "activity_id")
        .distinct("opportunity_id")
    )
    return {link.opportunity_id: described(link.activity, now) for link in links}


NOTHING = NextAction("", "none")


def described(activity: Activity, now: datetime) -> NextAction:
    """A planned activity as the next action."""
    if activity.due_at is None:
        return NOTHING
    text, when = words(activity.subject, activity.due_at, now)
    return NextAction(text, when, activity.due_at, activity)


def words(what: str, due: datetime, now: datetime) -> tuple[str, str]:
    """Call at 14:00, today; Mail on Mon 23 Nov, later; Proposal, 2 days late, late."""
    local = timezone.localtime(due)
    if due < now:
        return f"{what}, {_late_by(due, now)}", "late"
    if due < end_of_day(now):
        return _("%(what)s at %(time)s") % {"what": what, "time": f"{local:%H:%M}"}, "today"
    day = date_format(local, "D j M" if local.year == timezone.localtime(now).year else "j M Y")
    return _("%(what)s on %(day)s") % {"what": what, "day": day}, "later"


def next_cell(deal: Any) -> tuple[str, str] | None:
    """The next action of a row of `opportunity_list`."""
    if deal.status != Opportunity.Status.OPEN:
        return None
    if deal.next_due_at is None:
        return _("No next action"), "none"
    return words(deal.next_subject, deal.next_due_at, clock.now())


def _late_by(due: datetime, now: datetime) -> str:
    days = (clock.business_day(now) - clock.business_day(due)).days
    if days:
        return ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}
    hours = int((now - due).total_seconds() // 3600)
    return ngettext("%(n)s hour late", "%(n)s hours late", hours) % {"n": hours} if hours else _("late")


def last_touches(keys: Iterable[Any]) -> dict[int, datetime]:
    """When something last happened on each of these deals."""
    rows = (
        OpportunityActivity.objects.filter(opportunity_id__in=list(keys), activity__status=Activity.Status.COMPLETED)
        .values("opportunity_id")
        .annotate(last=Max("activity__happened_at"))
        .values_list("opportunity_id", "last")
    )
    return dict(rows)


def quiet_days(opportunity: Opportunity, touched: datetime | None, now: datetime) -> int:
    """Whole days since the last activity, or since it came into its stage."""
    since = max(filter(None, [touched, opportunity.stage_entered_at]))
    return max(0, int((now - since).total_seconds() // 86400))


def warning(opportunity: Opportunity, touched: datetime | None, action: NextAction, now: datetime) -> str:
    """Why a deal is ageing, and what comes next; nothing while it is within its stage's limit."""
    days, limit = quiet_days(opportunity, touched, now), opportunity.stage.quiet_days
    if opportunity.status != Opportunity.Status.OPEN or days <= limit:
        return ""
    said = ngettext("No activity for %(n)s day, limit %(limit)s.", "No activity for %(n)s days, limit %(limit)s.", days)
    said %= {"n": days, "limit": limit}
    rest = _("Next: %(what)s.") % {"what": action.text} if action.text else _("Nothing planned.")
    return f"{said} {rest}"


def plan_note(deal: Opportunity, *, won: bool) -> str:
    """What closing does to what is planned on a deal, in words; nothing where nothing is planned."""
    links = OpportunityActivity.objects.filter(opportunity=deal, activity__status=Activity.Status.PLANNED)
    rows = [link.activity for link in links.select_related("activity").order_by("activity__due_at", "activity_id")]
    again = [row.subject for row in rows if row.series_id is not None]
    if won:
        words = _("No longer repeats: %(what)s. What is planned stays.")
        return words % {"what": _few(again)} if again else ""
    words = ngettext(
        "Goes off the plan with it: %(what)s.", "%(n)s planned activities go off the plan with it: %(what)s.", len(rows)
    )
    return words % {"n": len(rows), "what": _few([row.subject for row in rows])} if rows else ""


def _few(subjects: list[str], most: int = 3) -> str:
    shown = ", ".join(subjects[:most])
    return shown if len(subjects) <= most else _("%(some)s and others") % {"some": shown}
