"""Moments of a story in their order: each act runs with the clock standing at its moment."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random

from revops.core import clock

Act = Callable[[], None]
OPENS, CLOSES = 8, 18


class Timeline:
    """A queue of acts up to `end`; what lies later never happens."""

    def __init__(self, chance: Random, end: datetime) -> None:
        self.chance, self.end = chance, end
        self._acts: list[tuple[datetime, int, Act]] = []
        self._serial = count()

    def at(self, moment: datetime, act: Act) -> None:
        """Let `act` happen at a moment."""
        heapq.heappush(self._acts, (moment, next(self._serial), act))

    def after(self, start: datetime, days: tuple[float, float], act: Act) -> datetime:
        """Let `act` happen some days after `start`, in office hours; returns when."""
        moment = self.office(start + timedelta(days=self.chance.uniform(*days)))
        self.at(moment, act)
        return moment

    def office(self, moment: datetime) -> datetime:
        """The moment, moved into office hours of a weekday and never backwards."""
        if moment.hour >= CLOSES:
            moment = (moment + timedelta(days=1)).replace(hour=OPENS, minute=self.chance.randrange(60))
        elif moment.hour < OPENS:
            moment = moment.replace(hour=OPENS, minute=self.chance.randrange(60))
        while moment.weekday() > 4:
            moment += timedelta(days=1)
        return moment.replace(second=self.chance.randrange(60), microsecond=0)

    def run(self) -> int:
        """Let everything up to the end happen, in order; returns how many acts there were."""
        done = 0
        while self._acts:
            moment, _, act = heapq.heappop(self._acts)
            if moment <= self.end:
                with clock.at(moment):
                    act()
                done += 1
        return done
