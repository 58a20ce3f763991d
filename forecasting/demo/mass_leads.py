"""Leads by the million, with what the services would have left beside them."""

from datetime import datetime

from accounts.models import Activity
from forecasting.demo.mass_market import numbered
from forecasting.demo.mass_sql import array, before_images, define, insert, literal, logged, pick, roll, run
from forecasting.demo.names import COMPETITION, DONE, NEXT, SOURCES
from leads.models import (
    Assignment,
    DisqualifyReason,
    FitRule,
    FitScore,
    Lead,
    LeadActivity,
    LeadQueue,
    QualificationAnswer,
    QualificationScore,
    Scorecard,
)
from leads.selectors.scoring import CRITERIA

EVERY = 20  # of twenty leads in a row three become deals
ACTIVITIES = 3
PLANNED_IN = "'new', 'working', 'qualified'"  # states in which the last of them is still to come
# Who is in charge of a lead, its queue's keeper included.
WHO = "coalesce(l.owner_id, (SELECT owner_id FROM leads_leadqueue WHERE is_fallback))"


def define_leads(leads: int, companies: int, deals: int, end: datetime) -> None:
    """Which lead becomes which deal, whose account that has, and which state a lead is in."""
    define("account_of", "deal bigint", "bigint", f"SELECT 1 + {roll('deal', 210, max(companies, 1))}::bigint")
    nth = f"(key / {EVERY}) * 3 + key % {EVERY}"
    early = f"pg_temp.moment(key, {leads}) < {literal(end)}::timestamptz - interval '14 days'"
    chosen = f"key % {EVERY} BETWEEN 1 AND 3 AND {nth} <= {deals} AND {early}"
    define("deal_of", "key bigint", "bigint", f"SELECT CASE WHEN {chosen} THEN {nth} END")
    source = f"((deal - 1) / 3) * {EVERY} + (deal - 1) % 3 + 1"
    define("lead_of", "deal bigint", "bigint",
           f"SELECT CASE WHEN {source} <= {leads} AND pg_temp.deal_of({source}) = deal THEN {source} END")  # fmt: skip
    # A lead that becomes a deal is of that deal's account; all others are of companies that nobody knows yet.
    define("face", "key bigint", "bigint",
           "SELECT coalesce(pg_temp.account_of(pg_temp.deal_of(key)), 1000000000 + key)")  # fmt: skip
    recent = f"pg_temp.moment(key, {leads}) > {literal(end)}::timestamptz - interval '100 days'"
    define(
        "state", "key bigint", "text",
        f"""SELECT CASE
            WHEN pg_temp.deal_of(key) IS NOT NULL THEN 'converted'
            WHEN key % {EVERY} <= 4 THEN 'qualified'
            WHEN key % {EVERY} <= 8 THEN CASE WHEN {recent} THEN 'working' ELSE 'nurture' END
            WHEN key % {EVERY} <= 11 THEN 'nurture'
            WHEN key % {EVERY} >= 17 AND {recent} THEN 'new'
            ELSE 'disqualified' END""",
    )  # fmt: skip


def leads(total: int, end: datetime) -> int:
    """Leads in every state; a few new ones wait in the queue."""
    queue, reasons = (
        LeadQueue.objects.get(is_fallback=True),
        list(DisqualifyReason.objects.values_list("pk", flat=True)),
    )
    waits = f"(state = 'new' AND i % {EVERY} = 19)"
    run(
        "CREATE TEMP TABLE mass_lead ON COMMIT DROP AS SELECT i, pg_temp.face(i) AS face, pg_temp.state(i) AS state, "
        f"pg_temp.deal_of(i) AS deal, pg_temp.moment(i, {total}) AS at FROM {numbered(total)}"
    )
    changes = {"new": 1, "working": 2, "nurture": 3, "disqualified": 3, "qualified": 4, "converted": 5}
    ready = "state IN ('qualified', 'converted')"
    version = f"CASE state {' '.join(f'WHEN {literal(state)} THEN {n}' for state, n in changes.items())} END"
    return insert(
        Lead,
        {
            "id": "i", "created_at": "at", "updated_at": "at + interval '9 days'", "version": version,
            "first_name": "pg_temp.first(face)", "last_name": "pg_temp.last(face)",
            "company": "pg_temp.company(face)", "title": "pg_temp.title(face)",
            "email": "pg_temp.email(face)", "email_key": "pg_temp.email(face)", "domain": "pg_temp.domain(face)",
            "website": "'https://' || pg_temp.domain(face)", "industry": "pg_temp.industry(face)",
            "employees": "pg_temp.employees(face)", "country": "pg_temp.country(face)",
            "source": pick(SOURCES, "i", 401),
            "status": "state",
            "owner_id": f"CASE WHEN {waits} THEN NULL WHEN deal IS NULL THEN pg_temp.developer(i) "
                        "ELSE pg_temp.seller(pg_temp.account_of(deal)) END",
            "queue_id": f"CASE WHEN {waits} THEN {queue.pk} END",
            "competition": f"CASE WHEN {ready} THEN {pick(COMPETITION, 'i', 402)} ELSE '' END",
            "disqualify_reason_id": f"CASE WHEN state = 'disqualified' THEN {pick(reasons, 'i', 403, 'bigint')} END",
            "account_id": "pg_temp.account_of(deal)", "contact_id": "pg_temp.account_of(deal)",
            "qualified_at": f"CASE WHEN {ready} THEN at + interval '6 days' END",
            "converted_at": "CASE WHEN state = 'converted' THEN at + interval '9 days' END",
            "next_due_at": f"CASE WHEN state IN ({PLANNED_IN}) THEN {_due('i', end)} END",
        },
        "mass_lead",
    )  # fmt: skip


def lead_history() -> None:
    """Assignments, both scores with their answers, the log and the rows before each change."""
    lead = Lead._meta.db_table
    insert(
        Assignment,
        {"lead_id": "id", "user_id": "owner_id", "queue_id": "queue_id", "reason": "'Came in'",
         "assigned_at": "created_at", "is_current": "true",
         "sla_due_at": "CASE WHEN owner_id IS NOT NULL THEN created_at + interval '4 hours' END"},
        lead,
    )  # fmt: skip
    _fit(lead)
    _qualification(lead)
    before_images(
        Lead,
        {"version": "v", "status": "CASE v WHEN 1 THEN 'new' WHEN 4 THEN 'qualified' ELSE 'working' END",
         "updated_at": "r.created_at + (v - 1) * interval '2 days'", "account_id": "NULL::bigint",
         "contact_id": "NULL::bigint", "converted_at": "NULL::timestamptz", "disqualify_reason_id": "NULL::bigint",
         "qualified_at": "CASE WHEN v = 4 THEN r.qualified_at END"},
        "r.created_at + v * interval '2 days'",
        f"{lead} r CROSS JOIN LATERAL generate_series(1, r.version - 1) AS v",
    )  # fmt: skip
    label = "first_name || ' ' || last_name"
    logged(Lead, "lead.created", WHO, label, "created_at")
    logged(Lead, "lead.started", WHO, label, "created_at + interval '1 day'", "status <> 'new'")
    ends = {"nurture": "lead.nurtured", "disqualified": "lead.disqualified", "qualified": "lead.qualified",
            "converted": "lead.converted"}  # fmt: skip
    for state, action in ends.items():
        logged(Lead, action, WHO, label, "updated_at", f"status = '{state}'")


def _fit(lead: str) -> None:
    """By the rules as they stand, in their order, held between 0 and 100."""
    rule = FitRule._meta.db_table
    matches = (
        "CASE f.field WHEN 'employees' THEN l.employees >= coalesce(f.at_least, 0) "
        "AND l.employees <= coalesce(f.at_most, 2147483647) ELSE EXISTS (SELECT FROM unnest(f.values) AS w WHERE "
        "lower(w) = lower(CASE f.field WHEN 'industry' THEN l.industry WHEN 'source' THEN l.source "
        "ELSE l.country END)) END"
    )
    reasons = "jsonb_build_object('rule', f.name, 'field', f.field, 'points', f.points)"
    reasons += " ORDER BY f.field, f.points DESC, f.id"
    insert(
        FitScore,
        {"lead_id": "l.id", "score": "least(100, greatest(0, coalesce(hit.points, 0)))",
         "reasons": "coalesce(hit.reasons, '[]'::jsonb)", "computed_at": "l.created_at"},
        f"{lead} l CROSS JOIN LATERAL (SELECT sum(f.points) AS points, jsonb_agg({reasons}) AS reasons FROM {rule} f "
        f"WHERE f.is_active AND {matches}) AS hit",
    )  # fmt: skip


def _qualification(lead: str) -> None:
    """Five answers of what was qualified, and of half of what is worked on; the score is their mean, cut to cents."""
    card = Scorecard.objects.get(is_active=True)
    asked = "(l.status IN ('qualified', 'converted') OR (l.status = 'working' AND l.id % 2 = 0))"
    good = f"78 + {roll('l.id * 5 + n', 410, 20)}"
    value = f"CASE WHEN l.status = 'working' THEN 40 + {roll('l.id * 5 + n', 411, 36)} ELSE {good} END"
    at = "l.created_at + interval '4 days'"
    insert(
        QualificationAnswer,
        {"lead_id": "l.id", "criterion": f"({array(CRITERIA)})[n]", "value": value, "created_at": at, "updated_at": at,
         "answered_by_id": "l.owner_id"},
        f"{lead} l CROSS JOIN generate_series(1, {len(CRITERIA)}) AS n WHERE {asked} AND l.owner_id IS NOT NULL",
    )  # fmt: skip
    answers = (
        "SELECT lead_id, jsonb_object_agg(criterion, value::text) AS said, trunc(avg(value), 2) AS mean "
        f"FROM {QualificationAnswer._meta.db_table} GROUP BY lead_id"
    )
    insert(
        QualificationScore,
        {"lead_id": "lead_id", "scorecard_id": str(card.pk), "answers": "said", "score": "mean",
         "gate_failures": "'{}'", "qualifies": f"mean >= {card.threshold}", "is_current": "true",
         "computed_at": "l.created_at + interval '4 days'"},
        f"({answers}) AS a JOIN {lead} l ON l.id = a.lead_id",
    )  # fmt: skip


def _due(key: str, end: datetime) -> str:
    """When the next step of the lead of this key is due."""
    return f"{literal(end)}::timestamptz + ({roll(key, 420, 400)} - 60) * interval '1 hour'"


def lead_activities(end: datetime) -> int:
    """Three for each lead: two that happened, and the next one, due about now while the lead is open."""
    now = f"{literal(end)}::timestamptz"
    ahead = f"(n = {ACTIVITIES} AND l.status IN ({PLANNED_IN}))"
    number = f"((l.id - 1) * {ACTIVITIES} + n)"
    done = f"least(l.created_at + n * interval '2 days', {now} - interval '1 hour')"
    due = _due("l.id", end)
    plans, deeds = pick([text for _kind, text in NEXT], "l.id", 421), pick([text for _kind, text in DONE], number, 422)
    say = f"replace(CASE WHEN {ahead} THEN {plans} ELSE {deeds} END, '{{first}}', l.first_name)"
    made = insert(
        Activity,
        {"id": number, "created_at": f"least({done}, {now})", "updated_at": f"least({done}, {now})",
         "kind": f"CASE WHEN l.status = 'new' THEN 'note' ELSE {pick(('call', 'email', 'meeting'), number, 423)} END",
         "status": f"CASE WHEN {ahead} THEN 'planned' ELSE 'completed' END", "subject": say, "owner_id": WHO,
         "due_at": f"CASE WHEN {ahead} THEN {due} END", "happened_at": f"CASE WHEN NOT {ahead} THEN {done} END"},
        f"{Lead._meta.db_table} l CROSS JOIN generate_series(1, {ACTIVITIES}) AS n",
    )  # fmt: skip
    insert(
        LeadActivity,
        {"id": number, "lead_id": "l.id", "activity_id": number},
        f"{Lead._meta.db_table} l CROSS JOIN generate_series(1, {ACTIVITIES}) AS n",
    )
    return made
