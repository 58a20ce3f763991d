"""How far research has come: topics answered by findings that still hold."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from leads.models import Lead, ResearchBrief, ResearchFinding
from revops.core import clock

Topic = ResearchFinding.Topic
SOON = timedelta(days=7)


@dataclass(frozen=True)
class TopicState:
    """One of the five questions."""

    topic: str
    label: str
    finding: ResearchFinding | None
    holds: bool
    ends_soon: bool
    days_left: int


@dataclass(frozen=True)
class Research:
    """All five, and what they come to."""

    topics: list[TopicState]
    due_on: date | None

    @property
    def answered(self) -> int:
        return sum(1 for one in self.topics if one.holds)

    @property
    def percent(self) -> int:
        return 100 * self.answered // len(self.topics)

    @property
    def open(self) -> list[TopicState]:
        return [one for one in self.topics if not one.holds]

    @property
    def next_end(self) -> TopicState | None:
        """What runs out within a week, first."""
        soon = [one for one in self.topics if one.ends_soon]
        return min(soon, key=lambda one: one.days_left) if soon else None

    @property
    def finding(self) -> str:
        """The panel's title."""
        names = ", ".join(one.label for one in self.open)
        if not self.open:
            return _("Research %(percent)s %%: every question is answered") % {"percent": self.percent}
        if not self.answered:
            return _("Research 0 %: nothing is known yet")
        return _("Research %(percent)s %%, still open: %(names)s") % {"percent": self.percent, "names": names}


def brief_list(*, viewer: Any) -> QuerySet[ResearchBrief]:
    """Briefs with whom they are about and their findings."""
    rows = ResearchBrief.objects.visible_to(viewer)
    return rows.select_related("lead", "account", "owner").prefetch_related("findings")


def open_briefs() -> QuerySet[ResearchBrief]:
    """Briefs that somebody is to answer: about leads and accounts that are still worked on."""
    of_lead = Q(lead__status__in=Lead.OPEN, lead__archived_at__isnull=True)
    return ResearchBrief.objects.filter(of_lead | Q(account__isnull=False, account__archived_at__isnull=True))


def holding(day: date) -> Q:
    """Findings that stand and hold on this day; the last day counts."""
    return Q(is_current=True) & (Q(expires_on__isnull=True) | Q(expires_on__gte=day))


def research_on(brief: ResearchBrief | None) -> Research:
    """The five questions of a brief; of none, all open."""
    today = clock.today()
    found = {row.topic: row for row in brief.findings.all() if row.is_current} if brief else {}
    return Research([_state(topic, found.get(topic), today) for topic in Topic.values], brief.due_on if brief else None)


def _state(topic: str, row: ResearchFinding | None, today: date) -> TopicState:
    label, ends = str(Topic(topic).label), row.expires_on if row else None
    holds = row is not None and (ends is None or ends >= today)
    left = (ends - today).days if ends else 0
    return TopicState(topic, label, row, holds, holds and ends is not None and ends - today <= SOON, left)


def brief_of(lead: Lead) -> ResearchBrief | None:
    """The brief of a lead whom the caller has found in sight."""
    return ResearchBrief.objects.filter(lead=lead).prefetch_related("findings__found_by").first()


def running_out(today: date) -> QuerySet[ResearchFinding]:
    """Findings whose last day is over and that nobody was told of."""
    return ResearchFinding.objects.filter(is_current=True, expired_at__isnull=True, expires_on__lt=today)
