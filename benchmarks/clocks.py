"""Callers that ask again and again, and what their answers took."""

import http.client
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles

WARM, ALONE, CALLERS = 3, int(os.environ.get("BENCH_CALLS", "20")), 8
EACH = max(1, ALONE // 5)


@dataclass(frozen=True)
class Ask:
    """One request. `body` makes a body for each call, for POST."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Callable[[int], str] | None = None


@dataclass(frozen=True)
class Took:
    """Milliseconds of processor for one answer; by the clock with one caller and with eight; SQL statements."""

    cpu: float
    p50: float
    p95: float
    p50_of_8: float
    p95_of_8: float
    statements: int


serials: Iterator[int] = count(int(time.time()) % 1_000_000 * 1000)


def measure(port: int, ask: Ask) -> Took:
    """Warm up, one caller, then eight at once."""
    _times(port, ask, WARM)
    alone, (statements, cpu) = _times(port, ask, ALONE)
    with ThreadPoolExecutor(CALLERS) as pool:
        crowd = [each for times, _ in pool.map(lambda _n: _times(port, ask, EACH), range(CALLERS)) for each in times]
    (p50, p95), (p50_of_8, p95_of_8) = _percentiles(alone), _percentiles(crowd)
    return Took(round(cpu, 1), p50, p95, p50_of_8, p95_of_8, statements)


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=20, method="inclusive")
    return round(cuts[9], 1), round(cuts[18], 1)


def _times(port: int, ask: Ask, times: int) -> tuple[list[float], tuple[int, float]]:
    connection, took, statements, cpu = http.client.HTTPConnection("127.0.0.1", port, timeout=120), [], 0, 0.0
    for _ in range(times):
        started = time.perf_counter()
        if ask.body:
            headers = {**ask.headers, "Content-Type": "application/json"}
            connection.request("POST", ask.path, ask.body(next(serials)), headers)
        else:
            connection.request("GET", ask.path, headers=ask.headers)
        answer = connection.getresponse()
        text = answer.read()
        took.append((time.perf_counter() - started) * 1000)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{ask.path}: {answer.status} {text[:300]!r}")
        statements, cpu = int(answer.headers["X-Statements"]), cpu + float(answer.headers["X-Cpu-Ms"])
    connection.close()
    return took, (statements, cpu / times)
