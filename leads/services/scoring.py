"""Answers, and the two scores made of them and of facts. The scores never mix."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.events import LeadAnswered
from leads.models import FitScore, Lead, QualificationAnswer, QualificationScore
from leads.selectors.engagement import active_fit_rules
from leads.selectors.scoring import CRITERIA, Verdict, active_scorecard, answers_of, fit_of, judge
from leads.services._kept import lock_kept
from leads.services._returns import back_to_working
from leads.services.engagement import _engage_many
from revops.core import audit, clock, outbox
from revops.core.errors import FieldError, IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import advance, lock

CHUNK = 500
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
            values[name] = None if value in (None, "") else Decimal(str(value)).quantize(Decimal("0.01"))
        except InvalidOperation:
            values[name] = Decimal(-1)
        number = values[name]
        if number is not None and not (number.is_finite() and 0 <= number <= 100):
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
    FitScore.objects.bulk_create([row], **OVER_THE_OLD)
    return row


# One statement, whether the lead has a fit already or not.
OVER_THE_OLD: Any = {
    "update_conflicts": True,
    "unique_fields": ["lead"],
    "update_fields": ["score", "reasons", "computed_at"],
}


@transaction.atomic
def score_leads(*, after: int = 0, actor: Any = None) -> int | None:
    """All scores of one chunk of open leads behind the id `after`; returns the last id, None when none is left.

    Set-based: what did not change is not written.
    """
    chunk = list(
        Lead.objects.open().filter(pk__gt=after).order_by("pk").select_for_update().prefetch_related("answers")[:CHUNK]
    )
    if not chunk:
        return None
    _engage_many(chunk, _fit_many(chunk))
    _qualify_many(chunk)
    return chunk[-1].pk


def _fit_many(leads: list[Lead]) -> dict[int, int]:
    rules, now = active_fit_rules(), clock.now()
    standing = {row.lead_id: row for row in FitScore.objects.filter(lead__in=leads)}
    rows, found = [], {}
    for lead in leads:
        fit, row = fit_of(lead, rules), standing.get(lead.pk)
        found[lead.pk] = fit.score
        if row is None or (row.score, row.reasons) != (fit.score, fit.reasons):
            rows.append(FitScore(lead=lead, score=fit.score, reasons=fit.reasons, computed_at=now))
    FitScore.objects.bulk_create(rows, **OVER_THE_OLD)
    return found


def _qualify_many(leads: list[Lead]) -> None:
    card = active_scorecard()
    current = {row.lead_id: row for row in QualificationScore.objects.filter(lead__in=leads, is_current=True)}
    old, new, fell = [], [], []
    for lead in leads:
        verdict, row = judge(answers_of(lead), card), current.get(lead.pk)
        if row is None and not verdict.answers:
            continue
        if row is None or row.scorecard_id != card.pk or row.answers != _as_stored(verdict):
            old += [row.pk] if row else []
            new.append(QualificationScore(lead=lead, scorecard=card, **_row(verdict)))
        if lead.status == Lead.Status.QUALIFIED and not verdict.qualifies:
            fell.append(lead)
    QualificationScore.objects.filter(pk__in=old).update(is_current=False)
    QualificationScore.objects.bulk_create(new)
    for lead in fell:
        score_qualification(lead=lead)
