"""From cells to codes: each field becomes a few bins or words, chosen without a look at the outcome.

Code 0 is "nothing there", the last one "anything else". The plan of a field is plain data, so that it can be stored and
used again on leads that nobody has seen yet.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from leads.learning import values

Codes = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float64]

BINS, FEWEST_BINS, ROWS_A_BIN, LEVELS = 12, 4, 100, 40
LEAST_SHARE, LEAST_ROWS = 0.004, 12
MOSTLY = 0.95  # so many of a field's values have to read as a kind
OWN_WORD = 0.5  # a field with more words than this share of its rows names leads, it does not describe them
SAMPLED = 5000


@dataclass(frozen=True)
class Plan:
    """How one field is read."""

    name: str
    kind: str  # number, day, flag, word
    edges: list[float] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # the levels as somebody wrote them
    form: str = ""  # how days are written
    below: list[float] = field(default_factory=list)  # share of leads under each code's bin
    shares: list[float] = field(default_factory=list)  # share of leads of each code

    @property
    def size(self) -> int:
        """How many codes there are."""
        if self.kind == "flag":
            return 3
        return len(self.levels) + 2 if self.kind == "word" else len(self.edges) + 3

    def data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class Refused:
    """A field that nothing can be learned from, and why (a code; words are the caller's)."""

    name: str
    why: str  # empty, constant, own_word, rare


def plan_field(name: str, cells: Sequence[Any]) -> Plan | Refused:
    """Look at the cells of the leads to learn from and choose how the field is read."""
    counted = _counted(cells)
    counted.pop("", None)
    if not counted:
        return Refused(name, "empty")
    filled = sum(counted.values())
    if len(counted) == 1 and filled == len(cells):
        return Refused(name, "constant")
    distinct = dict(counted.most_common(SAMPLED))
    if len(counted) > 1 and all(values.flag(text) is not None for text in distinct):
        plan: Plan | Refused = Plan(name, "flag")
    elif _read(distinct, values.number):
        plan = _binned(name, "number", counted, values.number)
    elif _read(distinct, form := values.day_reader([*distinct][:200])):
        plan = _binned(name, "day", counted, form)
    else:
        plan = _worded(name, counted, filled, cells)
    return plan


def finish(plan: Plan, codes: Codes) -> Plan:
    """The plan with the share of leads in and under each code."""
    counts = np.bincount(codes, minlength=plan.size).astype(float)
    shares = counts / max(1, len(codes))
    under = np.concatenate([[0.0], np.cumsum(counts[1:])])[:-1] / max(1.0, counts[1:].sum())
    below = [0.0, *under[: plan.size - 1].tolist()]
    return Plan(**{**asdict(plan), "shares": shares.round(6).tolist(), "below": [round(x, 4) for x in below]})


def _counted(cells: Sequence[Any]) -> Counter[str]:
    raw = Counter(_hashable(cell) for cell in cells)
    counted: Counter[str] = Counter()
    for cell, count in raw.items():
        counted[values.word(cell)] += count
    return counted


def _hashable(cell: Any) -> Any:
    # True and 1 are one key of a dictionary but two words; 1 and 1.0 read alike.
    if isinstance(cell, bool):
        return str(cell)
    return tuple(cell) if isinstance(cell, list) else cell


def _read(counted: Mapping[str, int], reader: Callable[[Any], float | None]) -> bool:
    """Whether nearly all cells read as this kind."""
    read = sum(count for text, count in counted.items() if reader(text) is not None)
    return read >= MOSTLY * sum(counted.values())


def _binned(name: str, kind: str, counted: Counter[str], reader: Callable[[Any], float | None]) -> Plan | Refused:
    pairs = sorted((found, count) for text, count in counted.items() if (found := reader(text)) is not None)
    numbers = np.array([found for found, _count in pairs])
    weights = np.array([count for _found, count in pairs])
    reach = np.cumsum(weights)
    if len(np.unique(numbers)) < 2:
        edges: list[float] = []
    else:
        bins = int(max(FEWEST_BINS, min(BINS, reach[-1] // ROWS_A_BIN)))
        places = np.searchsorted(reach, reach[-1] * np.arange(1, bins) / bins, side="left")
        chosen = sorted(set(numbers[places].tolist()))
        least = max(LEAST_ROWS, LEAST_SHARE * reach[-1])
        edges = _wide_enough(numbers, weights, chosen, least)
    form = ""
    if kind == "day":
        texts = list(counted)[:200]
        forms = ["", *values.DAY_FORMATS]
        form = max(forms, key=lambda f: sum(values.read_day(text, f or None) is not None for text in texts))
    return Plan(name, kind, edges=edges, form=form)


def _wide_enough(numbers: Floats, weights: Any, edges: list[float], least: float) -> list[float]:
    """Edges (a bin reaches up to and including its edge) that leave enough leads in each bin."""
    kept: list[float] = []
    last = 0.0
    total = float(weights.sum())
    for edge in edges:
        reach = float(weights[numbers <= edge].sum())
        if reach - last >= least and total - reach >= least:
            kept.append(edge)
            last = reach
    return kept


def _worded(name: str, counted: Counter[str], filled: int, cells: Sequence[Any]) -> Plan | Refused:
    if len(counted) > 20 and len(counted) > OWN_WORD * filled:
        return Refused(name, "own_word")
    least = max(LEAST_ROWS, LEAST_SHARE * len(cells))
    levels = [text for text, count in counted.most_common(LEVELS) if count >= least]
    if not levels:
        return Refused(name, "rare")
    seen: dict[str, str] = {}
    for cell in cells[:SAMPLED]:
        seen.setdefault(values.word(cell), " ".join(str(cell).split()))
    return Plan(name, "word", levels=levels, shown=[seen.get(text, text)[:80] for text in levels])


class Reader:
    """Reads the cells of one field by its plan; what it has seen once it knows."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.known: dict[Any, int] = {}
        self.places = {text: place + 1 for place, text in enumerate(plan.levels)}

    def codes(self, cells: Sequence[Any]) -> Codes:
        """One code a cell."""
        known, plain = self.known, self._hashed(cells)
        for cell in set(plain) - known.keys():
            known[cell] = self._code(cell)
        return np.fromiter(map(known.__getitem__, plain), dtype=np.int16, count=len(plain))

    def _hashed(self, cells: Sequence[Any]) -> Sequence[Any]:
        kinds = {*map(type, cells)}
        return [_hashable(cell) for cell in cells] if kinds & {bool, list} else cells

    def _code(self, cell: Any) -> int:
        text = values.word(cell)
        if not text:
            return 0
        other = self.plan.size - 1
        if self.plan.kind == "word":
            return self.places.get(text, other)
        found = self.number(cell)
        if found is None:
            return 0 if self.plan.kind == "flag" else other
        if self.plan.kind == "flag":
            return 1 + int(found)
        return 1 + int(np.searchsorted(self.plan.edges, found, side="left"))

    def number(self, cell: Any) -> float | None:
        """The cell as a number, where the field has numbers."""
        if self.plan.kind == "flag":
            return values.flag(cell)
        if self.plan.kind == "day":
            return values.read_day(cell, self.plan.form or None)
        return values.number(cell) if self.plan.kind == "number" else None
