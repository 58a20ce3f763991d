"""Models in the product: a real file of leads comes in, a job learns from it, a person publishes, leads get reasons."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from leads import services
from leads.models import DisqualifyReason, Lead, LeadPropensity, ModelDrift, ScoringModel
from leads.selectors.leads import lead_list
from leads.selectors.learning import learning_setup, training_table
from leads.selectors.learning_words import plain, propensity_in_words
from leads.services import learning_drift
from leads.services.propensity import score_chunk
from leads.setup import ensure_leads
from leads.tasks import score_model, score_new
from revops.core import clock, jobs
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import JobRun
from revops.users.models import Notification, User
from tests.custom.builders import K, make_field
from tests.integrations.files import imported
from tests.leads.builders import make_lead
from tests.leads.test_learning_xedu import FILE

# Head of the file -> (custom field, its label, its kind).
COLUMNS = {
    "Lead Number": ("lead_number", "Lead number", K.INTEGER),
    "Converted": ("converted", "Converted", K.FLAG),
    "Lead Origin": ("origin", "Lead Origin", K.TEXT),
    "Total Time Spent on Website": ("time_on_site", "Total Time Spent on Website", K.INTEGER),
    "TotalVisits": ("visits", "TotalVisits", K.DECIMAL),
    "Last Activity": ("last_activity", "Last Activity", K.TEXT),
    "What is your current occupation": ("occupation", "What is your current occupation", K.TEXT),
    "Specialization": ("specialization", "Specialization", K.TEXT),
    "Tags": ("tags", "Tags", K.TEXT),
}
EVERY = 4


def lead_file() -> str:
    """Every fourth lead of X Education, with the names that it does not have."""
    out = io.StringIO()
    writer = csv.writer(out)
    with FILE.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[::EVERY]
    writer.writerow(
        ["Last name", "Company", "E-mail", "Lead Source", "Country", *(label for _k, label, _t in COLUMNS.values())]
    )
    for number, row in enumerate(rows):
        facts = [
            f"Person {number}",
            f"Firm {number}",
            f"p{number}@firm-{number}.example",
            row["Lead Source"],
            row["Country"],
        ]
        writer.writerow([*facts, *(row[head] for head in COLUMNS)])
    return out.getvalue()


def finished(job: JobRun) -> JobRun:
    return jobs.run(str(job.pk))


@pytest.fixture
def school(olga: User) -> User:
    """X Education's leads in the product, with what their columns mean."""
    ensure_leads()
    for key, label, kind in COLUMNS.values():
        make_field("leads.lead", key, kind, label=label)
    run = imported("leads", lead_file(), olga, allow_duplicates=True)
    assert run.state == "done", run.state
    services.set_learning(
        actor=olga, version=None, outcome="custom.converted", age_field="custom.lead_number",
        known_later=["custom.tags"],
    )  # fmt: skip
    return olga


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.spec("RO-16", "INV-73")
def test_a_file_of_leads_becomes_a_model_with_reasons_that_people_read(school: User, alice: User) -> None:
    olga = school
    job = finished(services.start_training(actor=olga))
    assert (job.state, job.done, job.total) == ("done", 2, 2), job.error
    model, challenger = ScoringModel.objects.order_by("number")
    assert (model.algorithm, model.status) == ("regression", "ready"), (model.reasons, model.metrics)
    assert (challenger.algorithm, challenger.status) == ("boosting", "not_ready") or challenger.status == "ready"
    assert model.metrics["auc"] >= 0.85
    assert {"name": "custom.tags", "why": "known_later"} in model.refused
    services.publish_model(model=model, version=model.version, actor=olga)
    scoring = finished(JobRun.objects.get(kind="leads.score_propensity"))
    count = Lead.objects.open().count()
    assert (scoring.state, scoring.done) == ("done", count)
    assert LeadPropensity.objects.count() == count

    rows = list(LeadPropensity.objects.select_related("model", "lead").order_by("-score")[:100])
    texts = [one["sentence"] for row in rows for one in propensity_in_words(row)["reasons"]]  # type: ignore[index]
    assert any("minutes on the website, more than" in text and text.endswith(" points") for text in texts)
    assert all("_" not in text and "custom" not in text and "TotalVisits" not in text for text in texts)
    assert all(len(row.reasons) <= 5 for row in rows)
    _scored_again_is_the_same(model)
    _pages_and_api(olga, alice, rows[0])
    _drift_is_told_once(olga)


def _scored_again_is_the_same(model: ScoringModel) -> None:
    before = list(LeadPropensity.objects.order_by("pk").values_list("pk", "score", "features_hash", "scored_at"))
    score_chunk(model=ScoringModel.objects.get(pk=model.pk), after=0)
    assert (
        list(LeadPropensity.objects.order_by("pk").values_list("pk", "score", "features_hash", "scored_at")) == before
    )
    one = LeadPropensity.objects.select_related("lead").order_by("pk")[0]
    lead = services.update_lead(lead=one.lead, version=one.lead.version, actor=None, custom={"time_on_site": 2000})
    changed = services.score_propensity(lead=lead)
    assert changed is not None
    assert changed.features_hash != one.features_hash


def _pages_and_api(olga: User, alice: User, row: LeadPropensity) -> None:
    page = signed_in(olga).get(reverse("lead-detail", args=[row.lead_id])).content.decode()
    assert "Likely to convert" in page and "Rule card" in page
    why = signed_in(olga).get(reverse("lead-scores", args=[row.lead_id]), headers={"HX-Request": "true"})
    assert "Likely to convert" in why.content.decode() and "<html" not in why.content.decode()
    assert signed_in(alice).get(reverse("lead-scores", args=[row.lead_id])).status_code == 404
    for name, args in (("lead-scoring", []), ("scoring-model", [row.model_id]), ("scoring-learning", [])):
        text = signed_in(olga).get(reverse(name, args=args)).content.decode()
        assert "Total Time Spent on Website" in text or name == "lead-scoring"
    client = signed_in(olga)
    shown: Any = client.get(f"/api/v1/leads/{row.lead_id}").json()
    assert float(shown["propensity"]) == float(row.score)
    assert shown["score_reasons"]["propensity"]
    best: Any = client.get("/api/v1/leads?sort=-propensity&propensity__gte=50&limit=3").json()["results"]
    assert [float(one["propensity"]) for one in best] == sorted(
        (float(one["propensity"]) for one in best), reverse=True
    )
    listed: Any = client.get("/api/v1/scoring-models?status=published").json()["results"]
    assert [one["number"] for one in listed] == [1]
    detail: Any = client.get(f"/api/v1/scoring-models/{row.model_id}").json()
    assert {"label": "Tags", "kind": "known_later"} in detail["leaves_out"]
    rows = lead_list(viewer=olga).filter(propensity__score__gte=50)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = rows.order_by(F("propensity_score").desc(nulls_last=True), "-pk")[:50].explain()
    assert "lead_by_propensity" in plan
    listing = client.get(f"{reverse('lead-list')}?sort=-propensity&propensity__gte=50").content.decode()
    assert "%" in listing


def _drift_is_told_once(olga: User) -> None:
    """The file's leads came in today: the whole file is not those that judged the model, but near enough."""
    Lead.objects.update(source="Fair")
    first = services.watch_drift()
    assert [(row.kind, row.name) for row in first if row.kind == "field"] == [("field", "source")]
    assert Notification.objects.filter(user=olga, kind="scoring.drift").count() == 1
    assert services.watch_drift() == []
    assert Notification.objects.filter(user=olga, kind="scoring.drift").count() == 1
    assert (
        "Source of new leads is distributed otherwise" in signed_in(olga).get(reverse("lead-scoring")).content.decode()
    )


def test_a_model_that_orders_worse_than_when_it_was_published_is_told(
    candidates: list[ScoringModel], olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.publish_model(model=candidates[0], version=None, actor=olga)
    monkeypatch.setattr(learning_drift, "_findings", lambda model: [("auc", "", 0.70, model.metrics["auc"] - 0.05)])
    services.watch_drift()
    row = ModelDrift.objects.get()
    assert (row.kind, float(row.value)) == ("auc", 0.7)
    services.retire_model(model=ScoringModel.objects.get(status="published"), version=None, actor=olga)
    assert services.watch_drift() == []


# Versions -------------------------------------------------------------------------------


@pytest.fixture
def candidates(olga: User) -> list[ScoringModel]:
    """Three versions as a training leaves them, each better than the one before; the last did not pass."""
    made = []
    plan = {"name": "source", "kind": "word", "levels": ["web"], "shown": ["Web"], "shares": [0.5, 0.4, 0.1],
            "below": [0, 0, 0.8], "edges": [], "form": ""}  # fmt: skip
    for number, (auc, status) in enumerate(((0.80, "ready"), (0.85, "ok"), (0.55, "not_ready")), 1):
        metrics = {"auc": auc, "brier": 0.2, "base_brier": 0.24, "calibration_error": 0.03, "taught": 700, "leads": 300,
                   "lift": [{"group": 1, "lift": 2.0, "rate": 0.8, "count": 30}], "calibration": []}  # fmt: skip
        weights = {"kind": "regression", "intercept": -0.2, "weights": [[-0.3, 0.9, 0.0]]}
        made.append(
            ScoringModel.objects.create(
                number=number, algorithm="regression", status=status, metrics=metrics, fields=[plan], weights=weights,
                base={"fields": [[0.5, 0.4, 0.1]], "score": [0.1] * 10}, trained_at=clock.now(),
                reasons=["no_signal"] if status == "not_ready" else [],
            )
        )  # fmt: skip
    return made


@pytest.mark.spec("RO-16")
def test_one_version_is_in_use_and_the_one_before_comes_back(candidates: list[ScoringModel], olga: User) -> None:
    lead = make_lead(olga, source="Web")
    one, two, _three = candidates
    services.publish_model(model=one, version=one.version, actor=olga)
    finished(JobRun.objects.latest("created_at"))
    first = LeadPropensity.objects.get(lead=lead)
    assert first.model == one
    assert float(first.score) == pytest.approx(66.82, abs=0.01)
    assert propensity_in_words(first)["reasons"][0]["sentence"] == "Came by Web: +22 points"  # type: ignore[index]
    services.publish_model(model=two, version=two.version, actor=olga)
    one.refresh_from_db()
    assert one.status == "retired"
    two.refresh_from_db()
    services.revert_model(model=two, version=two.version, actor=olga)
    assert ScoringModel.objects.get(status="published") == one
    services.retire_model(model=one, version=None, actor=olga)
    finished(JobRun.objects.latest("created_at"))
    assert not LeadPropensity.objects.exists()
    with pytest.raises(IllegalState):
        services.revert_model(model=one, version=None, actor=olga)


@pytest.mark.spec("RO-16")
def test_what_did_not_pass_or_is_no_better_is_not_published(
    candidates: list[ScoringModel], olga: User, alice: User
) -> None:
    one, two, three = candidates
    with pytest.raises(IllegalState, match="rule card stays"):
        services.publish_model(model=three, version=None, actor=olga)
    services.publish_model(model=two, version=None, actor=olga)
    with pytest.raises(IllegalState, match="no better"):
        services.publish_model(model=one, version=None, actor=olga)
    with pytest.raises(StaleCopy):
        services.publish_model(model=one, version=99, actor=olga)
    with pytest.raises(NotAllowed):
        services.publish_model(model=one, version=None, actor=alice)
    assert ScoringModel.objects.get(status="published") == two
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoringModel.objects.filter(pk=one.pk).update(status="published", published_at=clock.now())
    assert signed_in(alice).get(reverse("lead-scoring")).status_code == 403
    assert signed_in(alice).post("/api/v1/scoring-models/train").status_code == 403


def test_the_api_publishes_takes_back_and_trains(candidates: list[ScoringModel], olga: User) -> None:
    client = signed_in(olga)
    one, two, three = (f"/api/v1/scoring-models/{row.pk}" for row in candidates)
    assert client.post(f"{one}/publish").json()["status"] == "published"
    assert client.post(f"{two}/publish").json()["status"] == "published"
    assert client.post(f"{three}/publish").status_code == 409
    assert client.post(f"{two}/revert").json()["number"] == 1
    started: Any = client.post("/api/v1/scoring-models/train")
    assert started.status_code == 202
    assert client.post("/api/v1/scoring-models/train").status_code == 409


def test_a_person_publishes_on_the_page(candidates: list[ScoringModel], olga: User) -> None:
    one, _two, three = candidates
    client = signed_in(olga)
    page = client.get(reverse("scoring-model", args=[three.pk])).content.decode()
    assert "No reliable signal" in page and "The rule card stays in force." in page
    done = client.post(reverse("scoring-model-verb", args=[one.pk, "publish"]), {"version": one.version})
    assert done.status_code == 302
    assert "Model 1 is in use" in client.get(reverse("lead-scoring")).content.decode()
    client.post(reverse("scoring-known-later"), {"name": "source"})
    assert learning_setup().known_later == ["source"]
    assert client.post(reverse("scoring-known-later"), {"name": "no such"}).status_code == 400
    with pytest.raises(InvalidInput):
        services.set_learning(actor=olga, version=None, outcome="custom.nothing")


# What is learned from -------------------------------------------------------------------


@pytest.mark.spec("RO-16")
def test_labels_and_features_are_those_of_the_first_hour(olga: User) -> None:
    """Converted in 90 days is 1, lost or expired 0, open inside the window is left out; later changes are not seen."""
    ensure_leads()
    reason = DisqualifyReason.objects.first()
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=False):
        won, late, lost, old = (
            make_lead(olga, source="Fair", industry=name) for name in ("Won", "Late", "Lost", "Old")
        )
    with time_machine.travel("2026-03-02 11:00:00+00:00", tick=False):
        services.update_lead(lead=won, version=None, actor=olga, source="Known by now", employees=70)
        services.update_lead(lead=won, version=None, actor=olga, source="Known still later")
        services.disqualify_lead(lead=lost, version=None, actor=olga, reason=reason)
    start = Lead.objects.get(pk=won.pk).created_at
    Lead.objects.filter(pk=won.pk).update(converted_at=start + timedelta(days=90))
    Lead.objects.filter(pk=late.pk).update(converted_at=start + timedelta(days=91))
    with time_machine.travel("2026-06-30 09:00:00+00:00", tick=False):
        make_lead(olga, industry="Open")
        known = training_table(learning_setup())
    assert dict(zip(known.table["industry"], known.labels.tolist(), strict=True)) == {
        "Won": 1, "Late": 0, "Lost": 0, "Old": 0,
    }  # fmt: skip
    assert known.table["source"] == ["Fair"] * 4
    assert known.table["employees"] == [None] * 4
    assert old.pk in known.ids


def test_what_is_mended_within_the_first_hour_is_seen(olga: User) -> None:
    lead = make_lead(olga, source="Fair")
    services.update_lead(lead=lead, version=None, actor=olga, source="List", employees=50)
    Lead.objects.filter(pk=lead.pk).update(converted_at=clock.now())
    known = training_table(learning_setup())
    assert (known.table["source"], known.table["employees"], known.labels.tolist()) == (["List"], [50], [1])


def test_too_few_outcomes_keep_the_rule_card(olga: User) -> None:
    make_lead(olga)
    job = finished(services.start_training(actor=olga))
    model = ScoringModel.objects.get()
    assert (job.state, model.status, model.reasons) == ("done", "not_ready", ["too_few"])
    page = signed_in(olga).get(reverse("scoring-model", args=[model.pk])).content.decode()
    assert "fewer than 40" in page


def test_leads_that_just_came_in_are_scored_by_the_clock(candidates: list[ScoringModel], olga: User) -> None:
    services.publish_model(model=candidates[0], version=None, actor=olga)
    lead = make_lead(olga, source="Web")
    score_new()
    assert LeadPropensity.objects.get().lead == lead
    assert lead.engagement.grade in "ABCD"
    score_new()
    assert LeadPropensity.objects.count() == 1
    score_model()
    assert JobRun.objects.filter(kind="leads.score_propensity").count() == 2


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("TotalVisits", "visits"),
        ("total_time_spent", "time spent"),
        ("Page Views Per Visit", "page views per visit"),
        ("What is your current occupation", "current occupation"),
        ("IBAN country", "IBAN country"),
    ],
)
def test_headers_become_words(label: str, words: str) -> None:
    assert plain(label) == words
