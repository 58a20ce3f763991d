"""The pipeline on real leads with the issue's figures: X Education, the oldest 70 % teach, the newest 30 % judge."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leads.learning import boosting, training
from leads.learning.scoring import Predictor
from leads.learning.training import Prepared, Trained

FILE = Path(__file__).parents[3] / "shared/data/xedu_leads/Leads.csv"
LATER = ("Tags", "Lead Quality", "Lead Profile", "Last Notable Activity")
Columns = dict[str, list[str]]


class Leads:
    """The file with its columns renamed and shuffled, and the rows too."""

    def __init__(self, seed: int) -> None:
        with FILE.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = csv.reader(file)
        dice = random.Random(seed)
        dice.shuffle(rows)
        places = list(range(len(head)))
        dice.shuffle(places)
        self.called = {head[at]: f"c{number}" for number, at in enumerate(places)}
        columns: Columns = {f"c{number}": [row[at] for row in rows] for number, at in enumerate(places)}
        self.ages = [float(number) for number in columns.pop(self.called["Lead Number"])]
        self.labels = np.array([int(x) for x in columns.pop(self.called["Converted"])], dtype=np.int8)
        self.columns = columns
        later = [name for name in head if name in LATER or name.startswith("Asymmetrique")]
        self.later = {self.called[name] for name in later}

    def prepared(self, later: set[str]) -> Prepared:
        return training.prepare(self.columns, self.ages, later)


@pytest.fixture(scope="module")
def leads() -> Leads:
    return Leads(seed=7)


@pytest.fixture(scope="module")
def prepared(leads: Leads) -> Prepared:
    return leads.prepared(leads.later)


@pytest.fixture(scope="module")
def trained(leads: Leads, prepared: Prepared) -> Iterator[Trained]:
    yield training.train_default(prepared, leads.labels[prepared.rows])


@pytest.mark.spec("RO-16")
def test_the_newest_leads_are_told_apart_with_honest_probabilities(leads: Leads, trained: Trained) -> None:
    found = trained.metrics
    assert (found["taught"], found["leads"]) == (6468, 2772)
    assert found["auc"] >= 0.88
    assert found["brier"] <= 0.135
    assert found["calibration_error"] <= 0.05
    assert trained.state == "ready"
    assert leads.called["Last Activity"] in [plan["name"] for plan in trained.fields]


def test_marked_fields_stay_out_and_useless_ones_say_why(leads: Leads, prepared: Prepared) -> None:
    assert not leads.later & {plan.name for plan in prepared.plans}
    why = {row.name: row.why for row in prepared.refused}
    assert {why[name] for name in leads.later} == {"known_later"}
    assert why[leads.called[""]] == "empty"
    assert why[leads.called["Magazine"]] == "constant"
    assert why[leads.called["Prospect ID"]] == "own_word"


def test_a_field_that_knows_the_outcome_by_itself_is_found(leads: Leads, trained: Trained) -> None:
    tags = leads.called["Tags"]
    prepared = leads.prepared(leads.later - {tags})
    leaky = training.train_default(prepared, leads.labels[prepared.rows])
    assert [(row["name"], row["auc"] >= 0.9) for row in leaky.leaks] == [(tags, True)]
    assert (leaky.state, leaky.reasons) == ("ok", ["leak"])
    assert trained.leaks == []


def test_shuffled_outcomes_teach_nothing(leads: Leads, prepared: Prepared) -> None:
    """Without a signal the default is refused; twenty times, once may happen."""
    labels = leads.labels[prepared.rows]
    found = [training.train_default(prepared, np.random.default_rng(seed).permutation(labels)) for seed in range(20)]
    passed = [one for one in found if one.state != "not_ready"]
    assert len(passed) <= 1
    assert all("no_signal" in one.reasons for one in found if one not in passed)


def test_the_challenger_is_kept_as_numbers_and_has_to_be_better(leads: Leads, prepared: Prepared) -> None:
    labels, few = leads.labels[prepared.rows], 1200
    codes = [code[:few] for code in prepared.codes]
    ordered = [plan.kind == "number" for plan in prepared.plans]
    trees = boosting.learn(codes, prepared.sizes, ordered, labels[:few])
    again: Any = boosting.Boosting.of(trees.data())
    scores = again.predict(codes)
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[labels[:few] == 1].mean() > scores[labels[:few] == 0].mean() + 0.2
    facts = {"auc": 0.80}
    weak = Trained("ready", [], facts, {}, [], {}, [])
    assert training.beaten(weak, 0.81).reasons == ["not_better"]
    assert training.beaten(weak, 0.79).state == "ready"


def test_the_strongest_reasons_of_each_lead_explain_its_score(leads: Leads, trained: Trained) -> None:
    predictor = Predictor(trained.model, trained.fields)
    scores, reasons, hashes = predictor.explain({name: cells[:300] for name, cells in leads.columns.items()})
    assert all(0 <= score <= 100 for score in scores)
    assert all(len(row) <= 5 for row in reasons)
    assert len({*hashes}) > 200
    again = Predictor(trained.model, trained.fields).explain({name: x[:300] for name, x in leads.columns.items()})
    assert (scores, reasons, hashes) == again
