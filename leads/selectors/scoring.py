"""The two numbers, computed and not yet stored: pure functions of answers, facts and rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from typing import Any

from leads.models import FitRule, Lead, QualificationAnswer, Scorecard, ScoreGroup

Criterion = QualificationAnswer.Criterion
CRITERIA: tuple[str, ...] = tuple(Criterion.values)
CENT, FULL = Decimal("0.01"), Decimal(100)
AUTHORITY_GATE = "authority_zero"
FIT_FIELDS: tuple[str, ...] = tuple(FitRule.Field.values)


@dataclass(frozen=True)
class Verdict:
    """What the scorecard says about a set of answers.

    `score` stands only when all five are answered; it is cut, never rounded, so that 76.99… stays under 77.
    `so_far` averages what is answered; `low` to `high` is where the score can still end.
    """

    answers: Mapping[str, Decimal]
    score: Decimal | None
    so_far: Decimal | None
    low: Decimal
    high: Decimal
    open: list[str]
    gate_failures: list[str]
    qualifies: bool
    needed: Decimal | None = None  # of the one open criterion, to qualify; None when none would do or several are open
    threshold: Decimal = FULL


@dataclass(frozen=True)
class Fit:
    """Points by rules, within each group's cap and between 0 and 100, with each rule that gave some."""

    score: int
    reasons: list[dict[str, Any]] = field(default_factory=list)


def active_scorecard() -> Scorecard:
    """The scorecard in force."""
    return Scorecard.objects.get(is_active=True)


def answers_of(lead: Lead) -> dict[str, Decimal]:
    """Criterion -> value, in the order of the criteria."""
    found = {row.criterion: row.value for row in lead.answers.all()}
    return {name: found[name] for name in CRITERIA if name in found}


def judge(answers: Mapping[str, Decimal], card: Scorecard) -> Verdict:
    """Weigh answers (0 to 100 each) by the scorecard. Unanswered blocks; authority 0 is a gate."""
    weights = {name: Decimal(getattr(card, f"{name}_weight")) for name in CRITERIA}
    points = sum((answers[name] * weights[name] for name in answers), Decimal(0))
    answered = sum((weights[name] for name in answers), Decimal(0))
    missing = [name for name in CRITERIA if name not in answers]
    gates = [f"{name}_unanswered" for name in missing]
    if answers.get(Criterion.AUTHORITY) == 0:
        gates.append(AUTHORITY_GATE)
    score = None if missing else _cut(points / FULL)
    lowest = weights[Criterion.AUTHORITY] if Criterion.AUTHORITY in missing else Decimal(0)
    highest = sum((weights[name] for name in missing), Decimal(0)) * FULL
    return Verdict(
        answers=answers,
        score=score,
        so_far=_cut(points / answered) if answered else None,
        low=_cut((points + lowest) / FULL),
        high=_cut((points + highest) / FULL),
        open=missing,
        gate_failures=gates,
        qualifies=score is not None and not gates and score >= card.threshold,
        needed=_needed(missing, points, weights, card.threshold, gates),
        threshold=card.threshold,
    )


def _cut(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_DOWN)


def _needed(
    missing: list[str], points: Decimal, weights: Mapping[str, Decimal], threshold: Decimal, gates: list[str]
) -> Decimal | None:
    if len(missing) != 1 or AUTHORITY_GATE in gates or not weights[missing[0]]:
        return None
    least = ((threshold * FULL - points) / weights[missing[0]]).to_integral_value(ROUND_CEILING)
    floor = Decimal(1) if missing[0] == Criterion.AUTHORITY else Decimal(0)
    return max(least, floor) if least <= FULL else None


def fit_of(lead: Lead, rules: Iterable[FitRule]) -> Fit:
    """Add up the points of the rules that the lead's facts match."""
    return Fits(rules).of(fit_facts(lead))


def fit_facts(lead: Lead) -> list[Any]:
    """What the rules look at, in the order of their fields."""
    return [getattr(lead, field) for field in FIT_FIELDS]


class Fits:
    """The fits of many leads: which rules a value meets, and what the same rules come to, is found out once."""

    def __init__(self, rules: Iterable[FitRule]) -> None:
        self.rules = list(rules)
        self._met: dict[tuple[str, Any], tuple[int, ...]] = {}
        self._sums: dict[tuple[int, ...], Fit] = {}

    def of(self, facts: Sequence[Any]) -> Fit:
        """The fit of these facts. The same rules give the same object."""
        met: list[int] = []
        for pair in zip(FIT_FIELDS, facts, strict=True):
            if pair not in self._met:
                self._met[pair] = tuple(at for at, rule in enumerate(self.rules) if _matches(*pair, rule))
            met += self._met[pair]
        key = tuple(sorted(met))
        if key not in self._sums:
            self._sums[key] = _added_up([self.rules[at] for at in key])
        return self._sums[key]


def _added_up(hits: Sequence[FitRule]) -> Fit:
    total = max(0, min(100, int(capped((rule.group, rule.points) for rule in hits))))
    return Fit(total, [{"rule": rule.name, "field": rule.field, "points": rule.points} for rule in hits])


def capped(points: Iterable[tuple[ScoreGroup | None, float]]) -> float:
    """The sum of points, where those of one group come to no more than its cap, up or down."""
    sums: dict[int | None, float] = {}
    caps: dict[int | None, int] = {}
    for group, given in points:
        key = group.pk if group else None
        caps[key] = group.cap if group else 10_000
        sums[key] = sums.get(key, 0) + given
    return sum(max(-caps[key], min(caps[key], total)) for key, total in sums.items())


def _matches(field: str, value: Any, rule: FitRule) -> bool:
    if rule.field != field:
        return False
    if field == FitRule.Field.EMPLOYEES:
        if value is None:
            return False
        return (rule.at_least is None or value >= rule.at_least) and (rule.at_most is None or value <= rule.at_most)
    return bool(value) and value.casefold() in {text.casefold() for text in rule.values}
