"""Answers, and the two scores made of them and of facts. The scores never mix."""

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from leads.events import LeadAnswered
from leads.models import FitScore, Lead, QualificationAnswer, QualificationScore, Scorecard
from leads.selectors.engagement import active_fit_rules
from leads.selectors.scoring import (
    CRITERIA,
    FIT_FIELDS,
    Fits,
    Verdict,
    active_scorecard,
    answers_of,
    fit_facts,
    fit_of,
    judge,
)
from leads.services._kept import lock_kept
from leads.services._returns import back_to_working
from leads.services.engagement import _engage_many
from revops.core import audit, clock, outbox
from revops.core.errors import FieldError, IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import advance, lock

CHUNK, JUDGED = 20_000, 1_000
EVIDENCE_LENGTH = 400


@transaction.atomic
def answer_criteria(
    *,
    lead: Lead,
    version: int | None,
    actor: Any,
    answers: Mapping[str, Any],
    evidence: Mapping[str, str] | None = None,
) -> Lead:
    """Set or (None) clear answers of 0 to 100 with their evidence; the first touch of a new lead starts work on it.

    The score follows from a worker (event LeadAnswered).
    """
    require(actor, "leads.qualify_lead")
    values = _checked(answers, evidence or {})
    lead = lock_kept(lead, version)
    if lead.status in (Lead.Status.DISQUALIFIED, Lead.Status.CONVERTED):
        raise IllegalState("illegal_state", _("This lead is closed: its answers stand as they are."))
    changed = _write_answers(lead, actor, values, evidence or {})
    if not changed:
        return lead
    if lead.status == Lead.Status.NEW:
        advance(lead, Lead.Status.WORKING, Lead.TRANSITIONS)
    else:
        lead.version += 1
    lead.save(update_fields=["status", "version", "updated_at"])
    audit.record("lead.answered", lead, actor=actor, changed=changed)
    outbox.publish(LeadAnswered(lead_id=lead.pk))
    return lead


def _checked(answers: Mapping[str, Any], evidence: Mapping[str, str]) -> dict[str, Decimal | None]:
    errors = [FieldError(name, "unknown", _("There is no such criterion.")) for name in answers if name not in CRITERIA]
    errors += [
        FieldError(name, "unknown", _("There is no such criterion.")) for name in evidence if name not in CRITERIA
    ]
    values: dict[str, Decimal | None] = {}
    for name, value in answers.items():
        try:
            number = None if value in (None, "") else Decimal(str(value))
        except InvalidOperation:
            number = Decimal(-1)
        fits = number is None or number.is_finite() and 0 <= number <= 100
        # Cut as the score is: what is not quite the threshold does not become it.
        values[name] = number.quantize(Decimal("0.01"), ROUND_DOWN) if fits and number is not None else None
        if not fits:
            errors.append(FieldError(name, "invalid", _("An answer is a number from 0 to 100.")))
    for name, text in evidence.items():
        if len(text) > EVIDENCE_LENGTH or "\x00" in text:
            errors.append(FieldError(f"{name}_evidence", "invalid", _("Evidence has at most 400 characters.")))
    if errors:
        raise InvalidInput("invalid", errors[0].detail, errors=errors)
    return values


def _write_answers(
    lead: Lead, actor: Any, values: Mapping[str, Decimal | None], evidence: Mapping[str, str]
) -> dict[str, tuple[Any, Any]]:
    standing = {row.criterion: row for row in lead.answers.all()}
    changed: dict[str, tuple[Any, Any]] = {}
    for name in [name for name in CRITERIA if name in {*values, *evidence}]:
        row = standing.get(name)
        before = (row.value, row.evidence) if row else (None, "")
        after = (values.get(name, before[0]), evidence.get(name, before[1]).strip())
        if after == before or (after[0] is None and row is None):
            continue
        if after[0] is None:
            lead.answers.filter(criterion=name).delete()
        else:
            QualificationAnswer.objects.update_or_create(
                lead=lead,
                criterion=name,
                defaults={"value": after[0], "evidence": after[1], "answered_by": actor},
            )
        if after[0] != before[0]:
            changed[name] = (_plain(before[0]), _plain(after[0]))
        if after[1] != before[1]:
            changed[f"{name}_evidence"] = (before[1], after[1])
    return changed


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


@transaction.atomic
def score_qualification(*, lead: Lead, actor: Any = None) -> QualificationScore | None:
    """Store the score of the answers as they stand; the same answers under the same scorecard change nothing.

    A qualified lead whose score fell goes back to working.
    """
    lead = lock(lead)
    card = active_scorecard()
    verdict = judge(answers_of(lead), card)
    current = lead.qualification_scores.filter(is_current=True).first()
    stored = _as_stored(verdict)
    if current is None and not verdict.answers:
        return None
    if current is None or current.scorecard_id != card.pk or current.answers != stored:
        lead.qualification_scores.filter(is_current=True).update(is_current=False)
        current = QualificationScore.objects.create(lead=lead, scorecard=card, **_row(verdict))
    if lead.status == Lead.Status.QUALIFIED and not verdict.qualifies:
        back_to_working(lead, _("The score fell to %(score)s.") % {"score": verdict.score or "–"}, actor=actor)
    return current


def _as_stored(verdict: Verdict) -> dict[str, str]:
    return {name: str(value) for name, value in verdict.answers.items()}


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "answers": _as_stored(verdict),
        "score": verdict.score,
        "gate_failures": verdict.gate_failures,
        "qualifies": verdict.qualifies,
        "computed_at": clock.now(),
    }


@transaction.atomic
def score_fit(*, lead: Lead, actor: Any = None) -> FitScore:
    """Store the fit by today's rules."""
    fit = fit_of(lead, active_fit_rules())
    row = FitScore(lead=lead, score=fit.score, reasons=fit.reasons, computed_at=clock.now())
    FitScore.objects.bulk_create(
        [row],
        update_conflicts=True,  # one statement, whether the lead has a fit already or not
        unique_fields=["lead"],
        update_fields=["score", "reasons", "computed_at"],
    )
    return row


# Many at once ---------------------------------------------------------------------------------

# Leads with the same fit are written as one group; what stands there already is not written again.
WRITE_FITS = """
    INSERT INTO leads_fitscore (lead_id, score, reasons, computed_at)
    SELECT new.* FROM (
        SELECT unnest(g.leads) AS lead_id, g.score, g.reasons, %s::timestamptz AS computed_at
        FROM jsonb_to_recordset(%s) AS g(leads bigint[], score smallint, reasons jsonb)
    ) new LEFT JOIN leads_fitscore old ON old.lead_id = new.lead_id
    WHERE old.lead_id IS NULL OR (old.score, old.reasons) IS DISTINCT FROM (new.score, new.reasons)
    ORDER BY new.lead_id
    ON CONFLICT (lead_id) DO UPDATE
        SET score = excluded.score, reasons = excluded.reasons, computed_at = excluded.computed_at"""
# Whose answers or scorecard are not those of the score, and qualified ones whose score fell. The database knows a
# number of two digits by the same text as the stored answers do.
TO_JUDGE = """
    SELECT l.id FROM leads_lead l
    LEFT JOIN leads_qualificationscore s ON s.lead_id = l.id AND s.is_current
    LEFT JOIN (
        SELECT lead_id, jsonb_object_agg(criterion, value::text) AS answers FROM leads_qualificationanswer
        WHERE lead_id BETWEEN %(first)s AND %(last)s GROUP BY lead_id
    ) a ON a.lead_id = l.id
    WHERE l.id BETWEEN %(first)s AND %(last)s AND l.status = ANY (%(open)s) AND (
        s.id IS NULL AND a.lead_id IS NOT NULL
        OR s.scorecard_id <> %(card)s
        OR s.answers <> coalesce(a.answers, '{}')
        OR l.status = 'qualified' AND NOT s.qualifies)
    ORDER BY l.id"""


@transaction.atomic
def score_leads(*, after: int = 0, actor: Any = None) -> int | None:
    """All scores of one chunk of open leads behind the id `after`; returns the last id, None when none is left.

    Set-based: read as columns, written by a statement for each kind of score; what did not change is not written.
    """
    # Nobody changes these leads until their scores are written; rows that point at them come and go.
    rows = Lead.objects.open().filter(pk__gt=after).order_by("pk").select_for_update(no_key=True)
    chunk = list(rows.values_list("pk", *FIT_FIELDS)[:CHUNK])
    if not chunk:
        return None
    _engage_many([row[0] for row in chunk], _write_fits(chunk))
    _qualify_between(chunk[0][0], chunk[-1][0])
    return int(chunk[-1][0])


def _fit_many(leads: list[Lead]) -> None:
    """The fits of leads that changed."""
    _write_fits([(lead.pk, *fit_facts(lead)) for lead in leads])


def _write_fits(rows: Sequence[Sequence[Any]]) -> dict[int, int]:
    """Fits of (id, what the rules look at); returns each lead's score."""
    fits, found = Fits(active_fit_rules()), {}
    groups: dict[int, dict[str, Any]] = {}
    for key, *facts in rows:
        fit = fits.of(facts)
        found[key] = fit.score
        if id(fit) not in groups:
            groups[id(fit)] = {"score": fit.score, "reasons": fit.reasons, "leads": []}
        groups[id(fit)]["leads"].append(key)
    with connection.cursor() as cursor:
        cursor.execute(WRITE_FITS, [clock.now(), json.dumps([*groups.values()])])
    return found


def _qualify_between(first: int, last: int) -> None:
    """Scores of those open leads of a stretch of ids that need another one."""
    card = active_scorecard()
    facts: dict[str, Any] = {"first": first, "last": last, "card": card.pk, "open": [*map(str, Lead.OPEN)]}
    with connection.cursor() as cursor:
        cursor.execute(TO_JUDGE, facts)
        keys = [key for (key,) in cursor.fetchall()]
    for at in range(0, len(keys), JUDGED):
        _qualify_many(card, keys[at : at + JUDGED])


def _qualify_many(card: Scorecard, keys: Sequence[int]) -> None:
    leads = Lead.objects.filter(pk__in=keys).order_by("pk").prefetch_related("answers")
    current = {row.lead_id: row for row in QualificationScore.objects.filter(lead__in=keys, is_current=True)}
    old, new, fell = [], [], []
    for lead in leads:
        verdict, row = judge(answers_of(lead), card), current.get(lead.pk)
        if row is None or row.scorecard_id != card.pk or row.answers != _as_stored(verdict):
            old += [row.pk] if row else []
            new.append(QualificationScore(lead=lead, scorecard=card, **_row(verdict)))
        if lead.status == Lead.Status.QUALIFIED and not verdict.qualifies:
            fell.append(lead)
    QualificationScore.objects.filter(pk__in=old).update(is_current=False)
    QualificationScore.objects.bulk_create(new)
    for lead in fell:
        score_qualification(lead=lead)
