"""From a table with outcomes to a judged model: oldest leads teach, the newest judge."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from leads.learning import boosting, judging, regression
from leads.learning.encoding import Codes, Floats, Plan, Reader, Refused, finish, plan_field
from leads.learning.judging import Labels
from leads.learning.scoring import Predictor, score_shares

TAUGHT = 0.7
LEAST_OF_EACH = 40
MOST_ROWS = 200_000
BETTER_BY = 0.002
PRIOR = 5


@dataclass(frozen=True)
class Prepared:
    """A table as codes, in the order of age. It knows nothing of outcomes, so it serves any of them."""

    plans: list[Plan]
    codes: list[Codes]
    rows: npt.NDArray[np.intp]  # which rows of the table, the oldest first
    cut: int
    refused: list[Refused] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        return [plan.size for plan in self.plans]

    def taught(self) -> list[Codes]:
        return [code[: self.cut] for code in self.codes]

    def judged(self) -> list[Codes]:
        return [code[self.cut :] for code in self.codes]


@dataclass(frozen=True)
class Trained:
    """One model with its judgement; everything in it is plain data."""

    state: str
    reasons: list[str]
    metrics: dict[str, Any]
    model: dict[str, Any]
    fields: list[dict[str, Any]]
    base: dict[str, Any]
    leaks: list[dict[str, Any]]


def prepare(table: Mapping[str, Sequence[Any]], age: Sequence[float], known_later: Collection[str] = ()) -> Prepared:
    """Codes of all fields but those that are known only afterwards. `age` puts the oldest lead first."""
    rows = np.argsort(np.asarray(age), kind="stable")
    if len(rows) > MOST_ROWS:  # evenly over time
        rows = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(int)]
    cut = int(len(rows) * TAUGHT)
    plans, codes, refused = [], [], []
    for name, cells in table.items():
        if name in known_later:
            refused.append(Refused(name, "known_later"))
            continue
        column = [cells[at] for at in rows]
        found = plan_field(name, column[:cut])
        if isinstance(found, Refused):
            refused.append(found)
            continue
        code = Reader(found).codes(column)
        plans.append(finish(found, code[:cut]))
        codes.append(code)
    return Prepared(plans, codes, rows, cut, refused)


def too_few(labels: Labels) -> bool:
    """Whether there are fewer than forty of either outcome."""
    hits = int(labels.sum())
    return min(hits, len(labels) - hits) < LEAST_OF_EACH


def own_auc(code: Codes, size: int, cut: int, labels: Labels) -> float:
    """What one field alone tells of the newest leads."""
    taught, base = labels[:cut], float(labels[:cut].mean())
    hits = np.bincount(code[:cut], weights=taught, minlength=size)
    rates = (hits + PRIOR * base) / (np.bincount(code[:cut], minlength=size) + PRIOR)
    return judging.auc(labels[cut:], rates[code[cut:]])


def leaks_of(prepared: Prepared, labels: Labels) -> list[dict[str, Any]]:
    """Fields that know the outcome all by themselves: somebody fills them in afterwards."""
    found = []
    for plan, code in zip(prepared.plans, prepared.codes, strict=True):
        alone = own_auc(code, plan.size, prepared.cut, labels)
        if alone >= judging.LEAK_AUC:
            found.append({"name": plan.name, "auc": round(alone, 4)})
    return found


def refusal(prepared: Prepared, labels: Labels) -> str:
    """Why nothing can be learned from this table at all ("" when something can)."""
    if too_few(labels):
        return "too_few"
    cut = prepared.cut
    if len(set(labels[:cut].tolist())) < 2 or len(set(labels[cut:].tolist())) < 2:
        return "one_outcome"
    return "" if prepared.plans else "no_fields"


def train_default(prepared: Prepared, labels: Labels) -> Trained:
    """The regression, judged."""
    model = regression.learn(prepared.taught(), prepared.sizes, labels[: prepared.cut])
    return _judged(prepared, labels, model)


def train_challenger(prepared: Prepared, labels: Labels, to_beat: float) -> Trained:
    """Trees, judged; they have to be better than what stands."""
    ordered = [plan.kind in ("number", "day") for plan in prepared.plans]
    model = boosting.learn(prepared.taught(), prepared.sizes, ordered, labels[: prepared.cut])
    return beaten(_judged(prepared, labels, model), to_beat)


def beaten(trained: Trained, to_beat: float) -> Trained:
    """The same, not ready where it is not better than what stands."""
    if trained.metrics["auc"] >= to_beat + BETTER_BY:
        return trained
    facts = {**trained.__dict__, "state": "not_ready", "reasons": [*trained.reasons, "not_better"]}
    return Trained(**facts)


def judge_on(predictor: Predictor, table: Mapping[str, Sequence[Any]], prepared: Prepared, labels: Labels) -> float:
    """The AUC of a model that stands already, on the newest leads of this table."""
    newest = prepared.rows[prepared.cut :]
    scores = predictor.predict({name: [table[name][at] for at in newest] for name in predictor.names if name in table})
    return judging.auc(labels[prepared.cut :], scores)


def _judged(prepared: Prepared, labels: Labels, model: regression.Regression | boosting.Boosting) -> Trained:
    judged = prepared.judged()
    scores: Floats = model.predict(judged)
    found = judging.metrics(labels[prepared.cut :], scores)
    found["taught"], found["taught_converted"] = prepared.cut, int(labels[: prepared.cut].sum())
    state, reasons = judging.verdict(found)
    leaks = leaks_of(prepared, labels)
    if leaks and state == "ready":
        state, reasons = "ok", ["leak"]
    shares = [
        (np.bincount(code, minlength=plan.size) / max(1, len(code))).round(6).tolist()
        for plan, code in zip(prepared.plans, judged, strict=True)
    ]
    return Trained(
        state=state,
        reasons=reasons,
        metrics=found,
        model=model.data(),
        fields=[plan.data() for plan in prepared.plans],
        base={"fields": shares, "score": score_shares(scores)},
        leaks=leaks,
    )
