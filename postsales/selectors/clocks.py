"""The clocks of a case, computed from its status log when somebody looks; nothing counts along, so nothing drifts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from postsales.models import CaseStatusLog, SlaPolicy, SlaTarget, SupportCase
from revops.core import clock
from revops.users.calendars import AROUND_THE_CLOCK, OpeningHours, due_at, opening_hours, working_time

Status = SupportCase.Status
ZERO = timedelta(0)
SOON = timedelta(minutes=60)
SOLVED = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True)
class Span:
    """A stretch of a case's life; an open one has no end. Only waiting for the customer pauses."""

    start: datetime
    end: datetime | None
    paused: bool


@dataclass(frozen=True)
class Clock:
    """One target of one case at one moment. `due_at` is None while the clock is paused."""

    target: str
    allowed: timedelta
    elapsed: timedelta
    paused: timedelta
    due_at: datetime | None
    state: str  # running, soon, paused, breached, met, missed

    @property
    def remaining(self) -> timedelta:
        """Working time that is left; negative when it is late."""
        return self.allowed - self.elapsed

    @property
    def late(self) -> bool:
        return self.state in ("breached", "missed")


@dataclass(frozen=True)
class CaseClocks:
    """Both clocks of a case."""

    response: Clock
    resolution: Clock

    @property
    def next(self) -> Clock:
        """The one that matters now: the answer until there is one, then the solution."""
        return self.response if self.response.state not in ("met", "missed") else self.resolution

    def both(self) -> tuple[Clock, Clock]:
        return (self.response, self.resolution)


class ClockBook:
    """Policies and calendars read once, for the clocks of many cases."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or clock.now()
        self._targets: dict[int, dict[str, SlaTarget]] = {}
        self._hours: dict[int, OpeningHours] = {}
        self._restarts: dict[int, bool] = {}
        policies = SlaPolicy.objects.select_related("calendar").prefetch_related(
            "targets", "calendar__hours", "calendar__holidays"
        )
        for policy in policies:
            self._targets[policy.pk] = {target.priority: target for target in policy.targets.all()}
            self._hours[policy.pk] = opening_hours(policy.calendar)
            self._restarts[policy.pk] = policy.restart_on_reopen

    def of(self, case: SupportCase) -> CaseClocks | None:
        """The clocks of a case (its `log` prefetched); None when its policy promises nothing for the priority."""
        target = self._targets[case.policy_id].get(case.priority)
        if target is None:
            return None
        hours = AROUND_THE_CLOCK if target.around_the_clock else self._hours[case.policy_id]
        start = case.opened_at
        log = sorted(case.log.all(), key=lambda row: (row.at, row.pk))
        answer = _clock(
            "response", target.response_minutes, [Span(start, None, False)], case.first_replied_at, hours, self.now
        )
        spans, solved_at = _life(log, start, restart=self._restarts[case.policy_id])
        solution = _clock("resolution", target.resolution_minutes, spans, solved_at, hours, self.now)
        return CaseClocks(answer, solution)


def _life(log: Iterable[CaseStatusLog], start: datetime, *, restart: bool) -> tuple[list[Span], datetime | None]:
    """The stretches of a case's life, and when it was solved if it still is.

    A solution that was reopened was none: its time counts, unless the policy starts anew.
    """
    spans: list[Span] = []
    begin, waiting, solved_at = start, False, None
    for row in log:
        if row.at > begin:
            spans.append(Span(begin, row.at, waiting))
            begin = row.at
        if row.status == Status.OPEN and solved_at is not None and restart:
            spans, begin = [], row.at
        if row.status in SOLVED:
            solved_at = solved_at or row.at
        else:
            solved_at = None
        waiting = row.status == Status.PENDING_CUSTOMER
    spans.append(Span(begin, None, waiting))
    return spans, solved_at


def _clock(
    target: str, minutes: int, spans: list[Span], stopped_at: datetime | None, hours: OpeningHours, now: datetime
) -> Clock:
    allowed, until = timedelta(minutes=minutes), stopped_at or now
    cut = [Span(span.start, min(span.end or until, until), span.paused) for span in spans if span.start < until]
    elapsed = sum((working_time(s.start, s.end or until, hours) for s in cut if not s.paused), ZERO)
    paused = sum(((s.end or until) - s.start for s in cut if s.paused), ZERO)
    due = _due(spans, allowed, hours)
    return Clock(target, allowed, elapsed, paused, due, _state(due, elapsed, allowed, spans, stopped_at, now))


def _due(spans: list[Span], allowed: timedelta, hours: OpeningHours) -> datetime | None:
    """When the allowed time is used up, pauses left out; None when that depends on the customer."""
    rest = allowed
    for span in spans:
        if span.paused:
            continue
        if span.end is None:
            return due_at(span.start, rest, hours)
        worked = working_time(span.start, span.end, hours)
        if worked >= rest:
            return due_at(span.start, rest, hours)
        rest -= worked
    return None


def _state(
    due: datetime | None,
    elapsed: timedelta,
    allowed: timedelta,
    spans: list[Span],
    stopped_at: datetime | None,
    now: datetime,
) -> str:
    if stopped_at is not None:
        return "missed" if due is not None and stopped_at > due else "met"
    if due is not None and now > due:
        return "breached"
    if spans[-1].paused:
        return "paused"
    return "soon" if allowed - elapsed <= min(SOON, allowed / 4) else "running"
