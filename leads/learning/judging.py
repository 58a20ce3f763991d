"""How good a probability is: order, error, honesty, and the bar that it has to clear."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

READY_AUC, LEAST_AUC = 0.70, 0.60
MOST_CALIBRATION_ERROR = 0.05
LEAK_AUC = 0.90
SURE = 2.33  # standard errors above chance: one model in a hundred from data without a signal
BINS = 10


def auc(labels: Labels, scores: Floats) -> float:
    """How often a lead that converted stands above one that did not; ties count half. 0.5 where one kind is missing."""
    hits = int(labels.sum())
    misses = len(labels) - hits
    if not hits or not misses:
        return 0.5
    _values, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]
    return float((ranks[labels == 1].sum() - hits * (hits + 1) / 2) / (hits * misses))


def chance_error(labels: Labels) -> float:
    """The standard error of an AUC where there is nothing to be found."""
    hits = max(1, int(labels.sum()))
    misses = max(1, len(labels) - hits)
    return float(np.sqrt((hits + misses + 1) / (12 * hits * misses)))


def brier(labels: Labels, scores: Floats) -> float:
    """Mean square of what the probability was off."""
    return float(np.mean((scores - labels) ** 2)) if len(labels) else 1.0


def calibration(labels: Labels, scores: Floats) -> list[dict[str, float]]:
    """Ten equal bins of the probability: how many leads, what was said, what came."""
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    table = []
    for at in range(BINS):
        mine = place == at
        count = int(mine.sum())
        said = float(scores[mine].mean()) if count else 0.0
        came = float(labels[mine].mean()) if count else 0.0
        table.append({"from": at / BINS, "count": count, "said": round(said, 4), "came": round(came, 4)})
    return table


def calibration_error(table: list[dict[str, float]]) -> float:
    """The distance of said and came, weighted by leads."""
    total = sum(row["count"] for row in table) or 1
    return float(sum(row["count"] * abs(row["said"] - row["came"]) for row in table) / total)


def lift(labels: Labels, scores: Floats) -> list[dict[str, float]]:
    """Ten equal groups of leads, the best first: how many times the average they convert."""
    order = np.argsort(-scores, kind="stable")
    base = float(labels.mean()) or 1.0
    groups = np.array_split(labels[order], BINS)
    return [
        {"group": at + 1, "count": len(group), "rate": round(float(group.mean()), 4),
         "lift": round(float(group.mean()) / base, 3)}
        for at, group in enumerate(groups) if len(group)
    ]  # fmt: skip


def metrics(labels: Labels, scores: Floats) -> dict[str, Any]:
    """Everything that is kept of a judgement."""
    base = float(labels.mean()) if len(labels) else 0.0
    table = calibration(labels, scores)
    return {
        "auc": round(auc(labels, scores), 4),
        "brier": round(brier(labels, scores), 4),
        "base_brier": round(base * (1 - base), 4),
        "base_rate": round(base, 4),
        "calibration_error": round(calibration_error(table), 4),
        "chance_error": round(chance_error(labels), 4),
        "calibration": table,
        "lift": lift(labels, scores),
        "leads": len(labels),
        "converted": int(labels.sum()),
    }


def verdict(found: Mapping[str, Any]) -> tuple[str, list[str]]:
    """("ready" | "ok" | "not_ready", reasons as codes)."""
    reasons = []
    if found["auc"] - SURE * found["chance_error"] <= 0.5 or found["auc"] < LEAST_AUC:
        reasons.append("no_signal")
    if found["brier"] >= found["base_brier"]:
        reasons.append("brier")
    if found["calibration_error"] > MOST_CALIBRATION_ERROR:
        reasons.append("calibration")
    if reasons:
        return "not_ready", reasons
    return ("ready", []) if found["auc"] >= READY_AUC else ("ok", ["weak"])
