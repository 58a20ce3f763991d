"""What stands on My day: the sources' own rows, ranked, without what the person put off."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Activity, Contact
from forecasting.models import PutOff
from revops.core import clock
from revops.core.registries import DAY_MOST, DayItem, day_for

TODAY, TOMORROW, WEEK = "today", "tomorrow", "week"
HORIZONS = (TODAY, TOMORROW, WEEK)
MEETINGS = (Activity.Kind.MEETING, Activity.Kind.VISIT)
# What a thing usually takes, in minutes, by its kind; the page says so.
USUAL = {
    Activity.Kind.CALL: 15, Activity.Kind.EMAIL: 10, Activity.Kind.MEETING: 45, Activity.Kind.VISIT: 90,
    Activity.Kind.TASK: 20, Activity.Kind.NOTE: 5, "handoff": 10, "lead": 15, "case": 20, "approval": 10,
}  # fmt: skip
OTHERWISE = 10
WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Tally:
    """A part of the queue: it holds the very rows that it counts."""

    key: str
    label: str
    items: Sequence[DayItem]
    bad: bool = False

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def capped(self) -> bool:
        """Whether a source had more than it gave."""
        return DAY_MOST in Counter(item.source for item in self.items).values()


@dataclass(frozen=True)
class Queue:
    """What wants the person, most pressing first, and how much of it was put off."""

    items: Sequence[DayItem]
    put_off: int


def queue_of(user: Any, horizon: str) -> Queue:
    """Today, with what is late; what tomorrow adds to it; or all of seven days."""
    today = clock.today()
    last = {TODAY: today, TOMORROW: today + timedelta(days=1), WEEK: today + timedelta(days=6)}[horizon]
    items = day_for(user, last)
    if horizon == TOMORROW:
        before = {item.key for item in day_for(user, today)}
        items = [item for item in items if item.key not in before]
    away = set(PutOff.objects.filter(user=user, until__gt=clock.now()).values_list("key", flat=True))
    shown = [item for item in items if item.key not in away]
    return Queue(shown, len(items) - len(shown))


def tallies(items: Sequence[DayItem], now: datetime) -> list[Tally]:
    """All of it, what is late, and each kind of work that there is any of."""

    late = [item for item in items if item.due_at is not None and item.due_at < now]
    found = [
        Tally("all", _("All"), items),
        Tally("overdue", _("Overdue"), late, bad=True),
    ]
    kinds = (
        ("tasks", _("Tasks and follow-ups"), ("accounts",)),
        ("leads", _("Leads and handoffs"), ("leads",)),
        ("deals", _("Deals and approvals"), ("opportunities", "quotes")),
        ("orders", _("Orders and invoices"), ("orders",)),
        ("service", _("Service"), ("postsales",)),
    )
    for key, label, rooms in kinds:
        found.append(Tally(key, label, [item for item in items if item.source.partition(".")[0] in rooms]))
    return found


@dataclass(frozen=True)
class Estimate:
    """How long the queue takes: minutes as planned where somebody said so, else what such a thing usually takes."""

    minutes: int
    planned: int  # how many things say how long they take
    usual: int  # how many are taken as usual


def estimate_of(items: Sequence[DayItem]) -> Estimate:
    """The time that these things take together."""
    planned = [item.minutes for item in items if item.minutes]
    usual = [USUAL.get(item.kind, OTHERWISE) for item in items if not item.minutes]
    return Estimate(sum(planned) + sum(usual), len(planned), len(usual))


def meetings_on(user: Any, day: date) -> QuerySet[Activity]:
    """The meetings and visits of a business day, those that are over too."""
    start = clock.start_of(day)
    rows = Activity.objects.visible_to(user).filter(owner=user, kind__in=MEETINGS)
    rows = rows.filter(due_at__gte=start, due_at__lt=clock.start_of(day + timedelta(days=1)))
    return rows.exclude(status=Activity.Status.CANCELLED).select_related("account").order_by("due_at", "pk")


def people_in(user: Any, line: str) -> list[Contact]:
    """The contacts of a person's own whom a line names: by both names, else by one of them."""
    words = [word for word in WORD.findall(line) if word[0].isupper()][:20]
    if not words:
        return []
    own = Contact.objects.visible_to(user).active().filter(Q(owner=user) | Q(account__owner=user))
    both = own.filter(first_name__in=words, last_name__in=words).select_related("account")[:2]
    return list(both) or list(
        own.filter(Q(first_name__in=words) | Q(last_name__in=words)).select_related("account")[:2]
    )
