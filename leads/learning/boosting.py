"""The challenger: trees. Kept as plain numbers, walked by numpy, so that nothing is ever unpickled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from leads.learning.encoding import Codes, Floats
from leads.learning.judging import Labels
from leads.learning.regression import sigmoid

ROUNDS, LEAVES, RATE = 120, 12, 0.08
PRIOR = 10


@dataclass(frozen=True)
class Boosting:
    """`places`: each field's codes as numbers that trees can cut; `trees`: feature, cut, left, right, value a node."""

    baseline: float
    places: list[list[float]]
    typical: list[int]
    trees: list[list[list[float]]]

    kind = "boosting"

    def data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "baseline": self.baseline,
            "places": self.places,
            "typical": self.typical,
            "trees": self.trees,
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["baseline"], data["places"], data["typical"], data["trees"])

    def _table(self, codes: Sequence[Codes]) -> Floats:
        return np.stack([np.asarray(row)[code] for row, code in zip(self.places, codes, strict=True)], axis=1)

    def _walk(self, table: Floats) -> Floats:
        logits = np.full(len(table), self.baseline)
        rows = np.arange(len(table))
        for tree in self.trees:
            nodes = np.asarray(tree)
            features, cuts = nodes[:, 0].astype(int), nodes[:, 1]
            left, right = nodes[:, 2].astype(int), nodes[:, 3].astype(int)
            at = np.zeros(len(table), dtype=int)
            while (going := left[at] > 0).any():
                here, who = at[going], rows[going]
                at[going] = np.where(table[who, features[here]] <= cuts[here], left[here], right[here])
            logits += nodes[at, 4]
        return logits

    def predict(self, codes: Sequence[Codes]) -> Floats:
        """The probability of each lead."""
        return sigmoid(self._walk(self._table(codes)))

    def points(self, codes: Sequence[Codes]) -> tuple[Floats, npt.NDArray[np.float32]]:
        """Probabilities, and what each value gives against the commonest one of its field."""
        table = self._table(codes)
        scores = sigmoid(self._walk(table))
        points = np.zeros(table.shape, dtype=np.float32)
        for at, (row, typical) in enumerate(zip(self.places, self.typical, strict=True)):
            kept = table[:, at].copy()
            table[:, at] = row[typical]
            points[:, at] = 100 * (scores - sigmoid(self._walk(table)))
            table[:, at] = kept
        return scores, points


def learn(codes: Sequence[Codes], sizes: Sequence[int], ordered: Sequence[bool], labels: Labels) -> Boosting:
    """Histogram gradient boosting over codes; words stand in the order of how often they convert."""
    places, typical = [], []
    base = float(labels.mean())
    for code, size, has_order in zip(codes, sizes, ordered, strict=True):
        seen = np.bincount(code, minlength=size)
        hits = np.bincount(code, weights=labels, minlength=size)
        rates = (hits + PRIOR * base) / (seen + PRIOR)
        places.append([float(x) for x in (range(size) if has_order else rates.round(6))])
        typical.append(int(seen.argmax()))
    table = np.stack([np.asarray(row)[code] for row, code in zip(places, codes, strict=True)], axis=1)
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS, max_leaf_nodes=LEAVES, learning_rate=RATE, l2_regularization=1.0, min_samples_leaf=30,
        early_stopping=False, random_state=0,
    )  # fmt: skip
    with threadpool_limits(1):
        model.fit(table, labels)
    trees = [_tree(predictors[0].nodes) for predictors in model._predictors]
    return Boosting(float(model._baseline_prediction.ravel()[0]), places, typical, trees)


def _tree(nodes: Any) -> list[list[float]]:
    return [
        [int(n["feature_idx"]), float(n["num_threshold"]), 0, 0, round(float(n["value"]), 7)]
        if n["is_leaf"]
        else [int(n["feature_idx"]), float(n["num_threshold"]), int(n["left"]), int(n["right"]), 0.0]
        for n in nodes
    ]
