"""The probability of open leads by the model in use, in sets: read as columns, staged by COPY, written in one go."""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from leads.learning.scoring import Predictor
from leads.models import Lead, LeadPropensity, ScoringModel
from leads.selectors.learning import current_tables, published_model
from revops.core import clock, jobs
from revops.core.models import JobRun

KIND = "leads.score_propensity"
CHUNK = 20_000
FRESH_FOR = timedelta(days=2)
OPEN = "l.status IN ('new', 'working', 'nurture', 'qualified') AND l.archived_at IS NULL"
UNSCORED = "NOT EXISTS (SELECT 1 FROM leads_leadpropensity p WHERE p.lead_id = l.id)"
STAGE = """CREATE TEMP TABLE propensity_stage
    (lead_id bigint, score numeric(5,2), reasons jsonb, features_hash varchar(16)) ON COMMIT DROP"""
WRITE = """
    INSERT INTO leads_leadpropensity AS p (lead_id, model_id, score, reasons, features_hash, scored_at)
    SELECT lead_id, %s, score, reasons, features_hash, %s FROM propensity_stage ORDER BY lead_id
    ON CONFLICT (lead_id) DO UPDATE SET model_id = excluded.model_id, score = excluded.score,
        reasons = excluded.reasons, features_hash = excluded.features_hash, scored_at = excluded.scored_at
    WHERE (p.model_id, p.features_hash, p.reasons) IS DISTINCT FROM
        (excluded.model_id, excluded.features_hash, excluded.reasons)"""


@transaction.atomic
def start_propensities(*, actor: Any) -> JobRun:
    """Score every open lead by the model in use, as a job."""
    total = Lead.objects.open().filter(archived_at__isnull=True).count()
    return jobs.start(kind=KIND, actor=actor, total=total, params={"title": _("Score leads by the model")})


@transaction.atomic
def step_propensities(*, job: JobRun) -> bool:
    """One chunk of open leads; without a model in use, what earlier ones said goes."""
    model = _in_use()
    if model is None:
        LeadPropensity.objects.exclude(model__status=ScoringModel.Status.PUBLISHED).delete()
        return False
    last, count = score_chunk(model=model, after=job.cursor.get("after", 0))
    job.cursor = {"after": last}
    job.done += count
    job.total = max(job.total, job.done)
    return count == CHUNK


def _in_use() -> ScoringModel | None:
    """The model in use. Nobody puts another one in its place while this transaction writes what it says: whose scores
    come later are those of the later model.
    """
    while (model := published_model()) is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT status FROM leads_scoringmodel WHERE id = %s FOR SHARE", [model.pk])
            if cursor.fetchone() == (ScoringModel.Status.PUBLISHED,):
                return model
    return None


@transaction.atomic
def score_chunk(*, model: ScoringModel, after: int, actor: Any = None) -> tuple[int, int]:
    """Write the probabilities of the next leads behind an id; (the last id, how many)."""
    predictor, last, count = _predictor_of(model), after, 0
    for ids, table in current_tables(predictor.names, f"l.id > %s AND {OPEN}", [after], limit=CHUNK):
        _write(model, predictor, ids, table)
        last, count = ids[-1], count + len(ids)
    return last, count


@transaction.atomic
def score_new_leads(*, actor: Any = None) -> int:
    """The open leads that came in lately and have no probability yet; returns how many."""
    model = _in_use()
    if model is None:
        return 0
    return _score_where(model, f"{OPEN} AND l.created_at > %s AND {UNSCORED}", [clock.now() - FRESH_FOR])


@transaction.atomic
def score_propensity(*, lead: Lead, actor: Any = None) -> LeadPropensity | None:
    """One lead's probability as of now."""
    model = _in_use()
    if model is not None:
        _score_where(model, f"{OPEN} AND l.id = %s", [lead.pk])
    return LeadPropensity.objects.filter(lead=lead).first()


def _score_where(model: ScoringModel, where: str, params: Sequence[Any]) -> int:
    predictor, count = _predictor_of(model), 0
    for ids, table in current_tables(predictor.names, where, params, limit=CHUNK):
        _write(model, predictor, ids, table)
        count += len(ids)
    return count


def _predictor_of(model: ScoringModel) -> Predictor:
    """The stored version, ready to work."""
    return Predictor(model.weights, model.fields)


def _write(model: ScoringModel, predictor: Predictor, ids: Sequence[int], table: dict[str, list[Any]]) -> None:
    """Scores, reasons and features' hashes of these leads, into their own table."""
    scores, reasons, hashes = predictor.explain(table)
    buffer = io.StringIO("".join(_lines(ids, scores, reasons, hashes)))
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        cursor.cursor.copy_expert("COPY propensity_stage FROM STDIN", buffer)
        cursor.execute(WRITE, [model.pk, clock.now()])
        cursor.execute("DROP TABLE propensity_stage")


def _lines(ids: Sequence[int], scores: Sequence[float], reasons: Sequence[Any], hashes: Sequence[str]) -> Iterable[str]:
    dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False).encode
    for pk, score, why, seen in zip(ids, scores, reasons, hashes, strict=True):
        # COPY reads a backslash as the start of an escape.
        text = dumps(why)
        yield f"{pk}\t{score}\t{text.replace(chr(92), chr(92) * 2) if chr(92) in text else text}\t{seen}\n"
