"""Deals by the million: how they moved, who shares them, what was done and is to be done on them."""

from datetime import datetime

from accounts.models import Activity
from forecasting.demo.mass_market import numbered
from forecasting.demo.mass_sql import array, before_images, insert, literal, logged, pick, roll, run
from forecasting.demo.names import DONE, NEXT, PROJECTS, SOURCES
from opportunities.models import (
    LossReason,
    Opportunity,
    OpportunityActivity,
    OpportunitySplit,
    Pipeline,
    Stage,
    StageHistory,
)

SHARED = 9  # every ninth deal has two people's credit, 60 to 40
SECOND = "pg_temp.seller(700000000 + d.account_id)"
IS_SHARED = f"(d.id % {SHARED} = 0 AND {SECOND} <> d.owner_id)"


def deals(total: int, leads: int, end: datetime) -> int:
    """Deals of eighteen months: what is old is closed, a third of that won."""
    _plan(total, leads, end)
    stages = list(Stage.objects.filter(pipeline__is_default=True).order_by("position"))
    losses = list(LossReason.objects.values_list("pk", flat=True))
    pipeline, now = Pipeline.objects.get(is_default=True), f"{literal(end)}::timestamptz"
    of_stage = {
        "stage_id": f"({array([stage.pk for stage in stages], 'bigint')})[place]",
        "probability": f"({array([stage.probability for stage in stages], 'numeric')})[place]",
        "category": f"({array([stage.category for stage in stages])})[place]",
    }
    project = f"replace({pick(PROJECTS, 'i', 501)}, '{{n}}', (10 + {roll('i', 502, 290)})::text)"
    expected = f"({now} + ({roll('i', 506, 160)} - 12) * interval '1 day')::date"
    made = insert(
        Opportunity,
        {
            "id": "i", "created_at": "opened", "updated_at": "entered", "version": "steps", **of_stage,
            "name": f"{project} || ', ' || pg_temp.company(account)",
            "account_id": "account", "contact_id": "account", "lead_id": "pg_temp.lead_of(i)",
            "owner_id": "pg_temp.seller(account)", "pipeline_id": str(pipeline.pk), "status": "status",
            "kind": pick(("new", "new", "new", "upsell", "cross_sell", "renewal"), "i", 503),
            # Hundreds, so that every share and every tax comes out in whole cents.
            "amount": f"100 * (15 + {roll('i', 504, 1000)} * {roll('i', 505, 1000)} / 400)",
            "currency": "pg_temp.currency(account)", "opened_on": "pg_temp.day(opened)",
            "close_on": f"CASE WHEN status = 'open' THEN {expected} ELSE pg_temp.day(entered) END",
            "closed_on": "CASE WHEN status <> 'open' THEN pg_temp.day(entered) END",
            "source": pick(SOURCES, "i", 507), "stage_entered_at": "entered",
            "loss_reason_id": f"CASE WHEN status = 'lost' THEN {pick(losses, 'i', 508, 'bigint')} END",
        },
        "mass_deal",
    )  # fmt: skip
    logged(Opportunity, "opportunity.created", "l.owner_id", "name", "created_at")
    for status in ("won", "lost"):
        logged(Opportunity, f"opportunity.{status}", "l.owner_id", "name", "stage_entered_at", f"status = '{status}'")
    return made


def _plan(total: int, leads: int, end: datetime) -> None:
    """When each deal was opened and closed, and how many steps it made."""
    now = f"{literal(end)}::timestamptz"
    opened = f"coalesce(pg_temp.moment(pg_temp.lead_of(i), {leads}) + interval '9 days', pg_temp.moment(i, {total}))"
    chance, part = roll("i", 510, 100), f"{roll('i', 511, 80)} + 15"
    closed = f"{chance} < CASE WHEN age > 150 THEN 97 WHEN age > 60 THEN 55 WHEN age > 20 THEN 20 ELSE 3 END"
    run(f"""
        CREATE TEMP TABLE mass_deal ON COMMIT DROP AS
        WITH told AS (
            SELECT i, {opened} AS opened, pg_temp.account_of(i) AS account FROM {numbered(total)}
        ), aged AS (
            SELECT *, extract(epoch FROM {now} - opened)::bigint / 86400 AS age FROM told
        ), ended AS (
            SELECT *, CASE WHEN NOT {closed} THEN 'open' WHEN {roll("i", 512, 100)} < 32 THEN 'won' ELSE 'lost' END
                AS status, 1 + {roll("i", 513, 5)} * {roll("i", 514, 5)} / 4 AS reached FROM aged
        ), placed AS (
            SELECT *, CASE status WHEN 'open' THEN reached WHEN 'won' THEN 6 ELSE 7 END AS place,
                CASE status WHEN 'open' THEN reached ELSE greatest(reached, 2) + 1 END AS steps FROM ended
        )
        SELECT i, opened, account, status, place, steps, CASE WHEN steps = 1 THEN opened
            ELSE date_trunc('second', opened + least(age, CASE WHEN status = 'open' THEN 400 ELSE 120 END)
                * ({part}) * 864 * interval '1 second') END AS entered FROM placed""")


def deal_history() -> None:
    """Every move with its row before the change, and whose credit it is."""
    stages = list(Stage.objects.filter(pipeline__is_default=True).order_by("position"))
    stage = array([row.pk for row in stages], "bigint")
    odds = array([row.probability for row in stages], "numeric")
    category = array([row.category for row in stages])
    at = "(d.created_at + (d.stage_entered_at - d.created_at) * (n - 1) / greatest(d.version - 1, 1))"
    before = "(d.created_at + (d.stage_entered_at - d.created_at) * (n - 2) / greatest(d.version - 1, 1))"
    table = Opportunity._meta.db_table
    insert(
        StageHistory,
        {"opportunity_id": "d.id", "from_stage_id": f"CASE WHEN n > 1 THEN ({stage})[n - 1] END",
         "to_stage_id": f"CASE WHEN n = d.version THEN d.stage_id ELSE ({stage})[n] END", "at": at,
         "by_id": "d.owner_id",
         "seconds_in_stage": f"CASE WHEN n > 1 THEN extract(epoch FROM {at} - {before})::bigint END"},
        f"{table} d CROSS JOIN LATERAL generate_series(1, d.version) AS n",
    )  # fmt: skip
    before_images(
        Opportunity,
        {"version": "n", "stage_id": f"({stage})[n]", "probability": f"({odds})[n]", "category": f"({category})[n]",
         "status": "'open'", "closed_on": "NULL::date", "loss_reason_id": "NULL::bigint",
         "stage_entered_at": "r.created_at"},
        "r.stage_entered_at",
        f"{table} r CROSS JOIN LATERAL generate_series(1, r.version - 1) AS n",
    )  # fmt: skip
    insert(
        OpportunitySplit,
        {"opportunity_id": "d.id", "created_at": "d.created_at", "updated_at": "d.created_at", "kind": "'revenue'",
         "user_id": f"CASE WHEN n = 1 THEN d.owner_id ELSE {SECOND} END", "percent": "share",
         "amount": "d.amount * share / 100"},
        f"""{table} d CROSS JOIN LATERAL (VALUES (1, CASE WHEN {IS_SHARED} THEN 60 ELSE 100 END),
            (2, CASE WHEN {IS_SHARED} THEN 40 ELSE 0 END)) AS s (n, share) WHERE share > 0""",
    )  # fmt: skip


def deal_activities(first: int, end: datetime) -> int:
    """One that happened on each deal; on most open ones the next, due about now."""
    now, table = f"{literal(end)}::timestamptz", Opportunity._meta.db_table
    name = "(SELECT c.first_name FROM accounts_contact c WHERE c.id = d.contact_id)"
    plans, deeds = (pick([text for _kind, text in words], "d.id", salt) for words, salt in ((NEXT, 521), (DONE, 522)))
    happened = f"least(d.stage_entered_at + {roll('d.id', 523, 300)} * interval '1 hour', {now} - interval '1 hour')"
    happened = f"CASE WHEN d.status = 'open' THEN {happened} ELSE d.created_at + interval '1 hour' END"
    due = f"{now} + ({roll('d.id', 524, 400)} - 40) * interval '1 hour'"
    source = "d CROSS JOIN generate_series(1, 2) AS n"
    picked = f"(n = 1 OR (d.status = 'open' AND {roll('d.id', 525, 10)} < 8))"
    number = f"({first} + (d.id - 1) * 2 + n)"
    made = insert(
        Activity,
        {"id": number, "created_at": happened, "updated_at": happened,
         "kind": pick(("call", "email", "meeting"), number, 526),
         "status": "CASE n WHEN 1 THEN 'completed' ELSE 'planned' END",
         "subject": f"replace(CASE n WHEN 1 THEN {deeds} ELSE {plans} END, '{{first}}', {name})",
         "owner_id": "d.owner_id",
         "account_id": "d.account_id", "due_at": f"CASE n WHEN 2 THEN {due} END",
         "happened_at": f"CASE n WHEN 1 THEN {happened} END"},
        f"{table} {source} WHERE {picked}",
    )  # fmt: skip
    insert(
        OpportunityActivity,
        {"id": number, "opportunity_id": "d.id", "activity_id": number},
        f"{table} {source} WHERE {picked}",
    )
    return made
