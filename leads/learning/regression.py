"""The default model: one weight for each code of each field, so that a score is a sum that anybody can follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from leads.learning.encoding import Codes, Floats
from leads.learning.judging import Labels

STRENGTH = 0.3
DENSE_CELLS = 20_000_000


def sigmoid(logits: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -35, 35))))


@dataclass(frozen=True)
class Regression:
    """An intercept and the weights of each field's codes, centred on the leads that they were learned from."""

    intercept: float
    weights: list[list[float]]

    kind = "regression"

    def data(self) -> dict[str, Any]:
        return {"kind": self.kind, "intercept": self.intercept, "weights": self.weights}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["intercept"], [list(row) for row in data["weights"]])

    def parts(self, codes: Sequence[Codes]) -> npt.NDArray[np.float32]:
        """What each field adds to the logit: leads x fields."""
        columns = [np.asarray(row, dtype=np.float32)[code] for row, code in zip(self.weights, codes, strict=True)]
        return np.stack(columns, axis=1)

    def logits(self, codes: Sequence[Codes], numbers: Sequence[Any] = ()) -> Floats:
        total = np.full(len(codes[0]), self.intercept)
        for row, code in zip(self.weights, codes, strict=True):
            total += np.asarray(row)[code]
        return total

    def predict(self, codes: Sequence[Codes]) -> Floats:
        """The probability of each lead."""
        return sigmoid(self.logits(codes))

    def points(self, codes: Sequence[Codes]) -> tuple[Floats, npt.NDArray[np.float32]]:
        """Probabilities, and how many points of 100 each field's value gives against a typical one."""
        parts = self.parts(codes)
        logits = parts.sum(axis=1, dtype=np.float64) + self.intercept
        scores = sigmoid(logits)
        without = 1.0 / (1.0 + np.exp(np.clip(parts - logits[:, None].astype(np.float32), -35, 35)))
        return scores, (100 * (scores[:, None].astype(np.float32) - without)).astype(np.float32)


def one_hot(codes: Sequence[Codes], sizes: Sequence[int]) -> sparse.csr_matrix:
    """A column for each code of each field."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    places = np.stack([code + start for code, start in zip(codes, starts, strict=True)], axis=1)
    rows, fields = places.shape
    ones = np.ones(rows * fields)
    return sparse.csr_matrix(
        (ones, places.ravel(), np.arange(0, rows * fields + 1, fields)), shape=(rows, int(sum(sizes)))
    )


def learn(codes: Sequence[Codes], sizes: Sequence[int], labels: Labels) -> Regression:
    """Logistic regression with a little restraint."""
    hot = one_hot(codes, sizes)
    small = hot.shape[0] * hot.shape[1] <= DENSE_CELLS
    model = LogisticRegression(C=STRENGTH, max_iter=400, solver="newton-cholesky" if small else "lbfgs")
    with threadpool_limits(1):  # the machine has other work, and threads that wait for each other cost more
        model.fit(hot.toarray() if small else hot, labels)
    flat, weights, intercept, start = model.coef_[0], [], float(model.intercept_[0]), 0
    for code, size in zip(codes, sizes, strict=True):
        mine = flat[start : start + size]
        start += size
        seen = np.bincount(code, minlength=size)
        typical = float((mine * seen).sum() / max(1, seen.sum()))
        intercept += typical
        # A code that nobody had says nothing.
        weights.append([round(float(x - typical), 6) if count else 0.0 for x, count in zip(mine, seen, strict=True)])
    return Regression(round(intercept, 6), weights)
