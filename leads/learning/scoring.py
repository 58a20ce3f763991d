"""A stored model at work: probabilities and reasons of many leads at once, and how far leads have moved away."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from leads.learning.boosting import Boosting
from leads.learning.encoding import Codes, Floats, Plan, Reader
from leads.learning.regression import Regression

TOP = 5
LEAST_POINTS = 0.5
MODELS: dict[str, type[Regression] | type[Boosting]] = {Regression.kind: Regression, Boosting.kind: Boosting}
Found = tuple[list[float], list[list[list[Any]]], list[str]]


class Predictor:
    """What a version knows: its fields and its weights, from plain data."""

    def __init__(self, model: Mapping[str, Any], fields: Sequence[Mapping[str, Any]]) -> None:
        self.plans = [Plan.of(row) for row in fields]
        self.names = [plan.name for plan in self.plans]
        self.readers = [Reader(plan) for plan in self.plans]
        self.model = MODELS[model["kind"]].of(model)

    def codes(self, table: Mapping[str, Sequence[Any]]) -> list[Codes]:
        """The table's cells as codes; a field that the table lacks is empty."""
        count = len(next(iter(table.values()))) if table else 0
        nothing = np.zeros(count, dtype=np.int16)
        return [
            reader.codes(table[reader.plan.name]) if reader.plan.name in table else nothing for reader in self.readers
        ]

    def predict(self, table: Mapping[str, Sequence[Any]]) -> Floats:
        return self.model.predict(self.codes(table))

    def explain(self, table: Mapping[str, Sequence[Any]]) -> Found:
        """Scores of 0 to 100, the strongest reasons of each [field, code, points(, number)], a hash of the features."""
        codes = self.codes(table)
        scores, points = self.model.points(codes)
        matrix = np.stack(codes, axis=1)
        return (100 * scores).round(2).tolist(), self._reasons(table, matrix, points), hashes(matrix)

    def _reasons(
        self, table: Mapping[str, Sequence[Any]], codes: npt.NDArray[np.int16], points: npt.NDArray[np.float32]
    ) -> list[list[list[Any]]]:
        count = min(TOP, points.shape[1])
        strength = -np.abs(points)
        chosen = np.argpartition(strength, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(strength, chosen, 1), axis=1, kind="stable")
        chosen = np.take_along_axis(chosen, order, 1)
        weights = np.take_along_axis(points, chosen, 1).round(1).tolist()
        places = np.take_along_axis(codes, chosen, 1).tolist()
        numbers = {
            at: [*table[plan.name]]
            for at, plan in enumerate(self.plans)
            if plan.kind in ("number", "day") and plan.name in table
        }
        out = []
        for row, (fields, marks, found) in enumerate(zip(chosen.tolist(), places, weights, strict=True)):
            mine = []
            for at, code, weight in zip(fields, marks, found, strict=True):
                if abs(weight) < LEAST_POINTS:
                    break
                mine.append([at, code, weight, str(numbers[at][row])] if code and at in numbers else [at, code, weight])
            out.append(mine)
        return out


def hashes(codes: npt.NDArray[np.int16]) -> list[str]:
    """One short digest a lead, of what the model saw of it."""
    raw, width = np.ascontiguousarray(codes).tobytes(), codes.shape[1] * codes.itemsize
    return [hashlib.blake2b(raw[at : at + width], digest_size=8).hexdigest() for at in range(0, len(raw), width)]


def score_shares(scores: Floats) -> list[float]:
    """How many of the leads stand in each tenth of the score."""
    counts = np.bincount(np.minimum((np.asarray(scores) * 10).astype(int), 9), minlength=10)
    return [float(x) for x in (counts / max(1, counts.sum())).round(6)]


def stability(base: Sequence[float], now: Sequence[float]) -> float:
    """Population stability index of two distributions over the same codes."""
    then, here = np.maximum(base, 1e-3), np.maximum(now, 1e-3)
    then, here = then / then.sum(), here / here.sum()
    return float(((here - then) * np.log(here / then)).sum())


def shares_of(codes: Codes, size: int) -> list[float]:
    """The share of each code."""
    return [float(x) for x in np.bincount(codes, minlength=size) / max(1, len(codes))]
