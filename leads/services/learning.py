"""Training a model, putting it in use and taking it back. Scores of the rule card are never touched by any of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from leads.learning import training
from leads.learning.scoring import Predictor
from leads.models import LearningSetup, ScoringModel
from leads.selectors.learning import (
    Known,
    field_labels,
    learning_setup,
    previous_model,
    published_model,
    training_table,
)
from leads.services.propensity import start_propensities
from revops.core import audit, clock, jobs
from revops.core.errors import IllegalState, InvalidInput
from revops.core.first_use import first_use
from revops.core.models import JobRun
from revops.core.scope import require
from revops.core.status import advance, edit, lock

KIND = "leads.train_model"
STEPS = 2
Status = ScoringModel.Status
MANAGE = "leads.publish_scoringmodel"


@transaction.atomic
def set_learning(*, actor: Any, version: int | None, **changes: Any) -> LearningSetup:
    """Choose the outcome, what tells the age, and the fields known only afterwards. Holds from the next training."""
    require(actor, MANAGE)
    known = field_labels()
    for name in ("outcome", "age_field"):
        if changes.get(name) and changes[name] not in known:
            raise InvalidInput.of(**{name: _("There is no such field.")})
    later: Sequence[str] = changes.get("known_later", ())
    if [name for name in later if name not in known]:
        raise InvalidInput.of(known_later=_("There is no such field."))
    if not 1 <= changes.get("window_days", 90) <= 730:
        raise InvalidInput.of(window_days=_("Say how many days a lead has, 1 to 730."))
    row = LearningSetup.objects.first() or LearningSetup.objects.create()
    row = lock(row, version)
    changed = edit(row, {**changes, **({"known_later": sorted(set(later))} if "known_later" in changes else {})})
    if changed:
        audit.record("learningsetup.changed", row, actor=actor, changed=changed)
    return row


@transaction.atomic
def start_training(*, actor: Any) -> JobRun:
    """Train a default model and its challenger on past leads, as a job; one at a time."""
    if actor is not None:
        require(actor, MANAGE)
    going = JobRun.objects.filter(kind=KIND, state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING])
    with first_use(KIND):
        runs = going.exists()
    if runs:
        raise IllegalState("training_runs", _("A training runs already: wait for its end."))
    return jobs.start(kind=KIND, actor=actor, total=STEPS, params={"title": _("Learn from past leads")})


@transaction.atomic
def step_training(*, job: JobRun) -> bool:
    """First the regression, then the challenger, each judged and stored."""
    known = training_table(setup := learning_setup())
    prepared = training.prepare(known.table, known.ages, setup.known_later)
    labels = known.labels[prepared.rows]
    job.done += 1
    if "default" not in job.cursor:
        why = training.refusal(prepared, labels)
        model = _store(job, setup, prepared, None if why else training.train_default(prepared, labels), why)
        _compare(model, known, prepared, labels)
        job.cursor = {"default": model.pk}
        job.result = {"url": reverse("scoring-model", args=[model.pk])}
        return not why and model.status != Status.NOT_READY
    default = ScoringModel.objects.get(pk=job.cursor["default"])
    trained = training.train_challenger(prepared, labels, default.metrics["auc"])
    model = _store(job, setup, prepared, trained, "")
    _compare(model, known, prepared, labels)
    if model.status in (Status.READY, Status.OK):
        job.result = {"url": reverse("scoring-model", args=[model.pk])}
    return False


def _store(
    job: JobRun, setup: LearningSetup, prepared: training.Prepared, trained: training.Trained | None, why: str
) -> ScoringModel:
    number = (ScoringModel.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    algorithm = trained.model["kind"] if trained else ScoringModel.Algorithm.REGRESSION
    model = ScoringModel.objects.create(
        number=number,
        algorithm=algorithm,
        refused=[asdict(row) for row in prepared.refused],
        setup={
            **{name: getattr(setup, name) for name in ("outcome", "age_field", "low_is_new", "window_days")},
            "known_later": [*setup.known_later],
            "labels": field_labels(),
        },
        trained_by=job.created_by,
    )
    if trained is not None:
        model.metrics, model.fields, model.leaks = trained.metrics, trained.fields, trained.leaks
        model.weights, model.base, model.reasons = trained.model, trained.base, trained.reasons
    else:
        model.reasons = [why]
    advance(model, trained.state if trained else Status.NOT_READY, ScoringModel.TRANSITIONS)
    model.trained_at = clock.now()
    model.save()
    audit.record("scoringmodel.trained", model, actor=job.created_by, state=model.status, auc=model.metrics.get("auc"))
    return model


def _compare(model: ScoringModel, known: Known, prepared: training.Prepared, labels: Any) -> None:
    """A new version has to beat the one in use on the same newest leads; told, and decided before anybody publishes."""
    champion = published_model()
    if champion is None or not model.weights:
        return
    stands = training.judge_on(Predictor(champion.weights, champion.fields), known.table, prepared, labels)
    model.metrics = {**model.metrics, "champion": champion.number, "champion_auc": round(stands, 4)}
    model.save(update_fields=["metrics", "updated_at"])


def _beats_champion(model: ScoringModel) -> bool:
    """Whether a version may take the place of the one in use: judged on the same leads where that was done."""
    champion = published_model()
    if champion is None:
        return True
    measured = model.metrics.get("champion") == champion.number
    stands = model.metrics["champion_auc"] if measured else champion.metrics["auc"]
    return bool(model.metrics["auc"] >= stands + training.BETTER_BY)


@transaction.atomic
def publish_model(*, model: ScoringModel, version: int | None, actor: Any) -> ScoringModel:
    """Put a ready version in use: it replaces the one before, and every open lead gets its probability by a job."""
    require(actor, MANAGE)
    model = _lock_alone(model, version)
    if model.status not in (Status.READY, Status.OK):
        _refuse_state(model)
    if not _beats_champion(model):
        raise IllegalState("not_better", _("This version is no better than the one in use."))
    return _put_in_use(model, "scoringmodel.published", actor)


def _lock_alone(model: ScoringModel, version: int | None) -> ScoringModel:
    """Two versions that change places with the one in use do so one after the other."""
    with first_use("scoring model in use"):
        return lock(model, version)


def _refuse_state(model: ScoringModel) -> None:
    if model.status == Status.NOT_READY:
        raise IllegalState("not_ready", _("This version did not pass: the rule card stays in force."))
    advance(model, Status.TRAINING, ScoringModel.TRANSITIONS)


def _put_in_use(model: ScoringModel, verb: str, actor: Any) -> ScoringModel:
    standing = published_model()
    if standing is not None:
        _retire(lock(standing))
    advance(model, Status.PUBLISHED, ScoringModel.TRANSITIONS)
    model.published_at, model.published_by, model.retired_at = clock.now(), actor, None
    model.save(update_fields=["status", "published_at", "published_by", "retired_at", "version", "updated_at"])
    audit.record(verb, model, actor=actor, instead_of=str(standing) if standing else None)
    start_propensities(actor=actor)
    return model


def _retire(model: ScoringModel) -> None:
    advance(model, Status.RETIRED, ScoringModel.TRANSITIONS)
    model.retired_at = clock.now()
    model.save(update_fields=["status", "retired_at", "version", "updated_at"])


@transaction.atomic
def revert_model(*, model: ScoringModel, version: int | None, actor: Any) -> ScoringModel:
    """Take the version in use back; the one before it is in use again."""
    require(actor, MANAGE)
    model = _lock_alone(model, version)
    if model.status != Status.PUBLISHED:
        raise IllegalState("not_in_use", _("Only the version in use can be taken back."))
    before = previous_model()
    if before is None:
        raise IllegalState("no_earlier", _("There is no earlier version: stop using the model instead."))
    return _put_in_use(lock(before), "scoringmodel.reverted", actor)


@transaction.atomic
def retire_model(*, model: ScoringModel, version: int | None, actor: Any) -> ScoringModel:
    """Stop using a version, or put a candidate away. Leads keep the rule card only."""
    require(actor, MANAGE)
    model = _lock_alone(model, version)
    in_use = model.status == Status.PUBLISHED
    _retire(model)
    audit.record("scoringmodel.retired", model, actor=actor)
    if in_use:
        start_propensities(actor=actor)
    return model
