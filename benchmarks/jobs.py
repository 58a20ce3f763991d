"""Jobs and summaries, each beside COPY or one plain SQL statement over the same rows; what they write is taken back."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import connection, transaction
from numpy import array, int8
from numpy.random import default_rng

from forecasting.models import FiscalPeriod
from forecasting.selectors.forecast import forecast
from forecasting.services.calculation import calculate_commissions
from leads.learning import training
from leads.models import Lead, ScoringModel
from leads.selectors.learning import COLUMNS as COLUMNS_LEARNED
from leads.selectors.learning import current_tables
from leads.services import score_leads
from leads.services.propensity import score_chunk
from opportunities.selectors import board
from opportunities.selectors.opportunities import deals
from orders.models import Invoice, Payment
from orders.selectors.balance import ageing
from revops.core import clock, jobs
from revops.core.organisation import quarter_of
from revops.integrations import services as imports
from revops.users.models import User

Pair = tuple[Callable[[], Any], Callable[[], Any]]
HEAD = ("First name", "Last name", "Company", "E-mail", "Industry", "Employees", "Country", "Source")
COLUMNS = ("first_name", "last_name", "company", "email", "industry", "employees", "country", "source")


class TakeItBack(Exception):
    """Rolls back what a run wrote."""


@contextmanager
def taken_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise TakeItBack
    except TakeItBack:
        pass


def timed(work: Callable[[], Any], times: int = 2) -> tuple[float, int]:
    """The best of some runs in seconds, with the number of statements; nothing stays."""
    best, counted = float("inf"), 0

    def count(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal counted
        counted += 1
        return execute(*args)

    for _ in range(times):
        counted = 0
        with taken_back(), connection.execute_wrapper(count):
            started = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - started)
    return round(best, 3), counted


def plain(sql: str, *params: Any) -> Callable[[], Any]:
    """One statement, its rows fetched."""

    def run() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    return run


def summaries(viewer: User) -> dict[str, Pair]:
    """Figures over all rows."""
    today = clock.today()
    span = quarter_of(today, 1)

    def age() -> Any:
        return ageing(invoices=Invoice.objects.visible_to(viewer), payments=Payment.objects.all())

    return {
        "forecast roll-up": (
            lambda: forecast(viewer=viewer, span=span, as_of=today),
            plain(FORECAST, today, span.last),
        ),
        "sums of the board": (lambda: board.lane_totals(deals(viewer=viewer).open(), today, "USD"), plain(BOARD)),
        "ageing": (age, plain(AGEING, *[today] * 5)),
    }


FORECAST = """
    SELECT s.user_id, o.status, o.category, sum(s.amount), sum(round(s.amount * o.probability / 100, 2)), count(*)
    FROM opportunities_opportunitysplit s JOIN opportunities_opportunity o ON o.id = s.opportunity_id
    WHERE s.kind = 'revenue' AND o.archived_at IS NULL AND o.opened_on <= %s
        AND (o.closed_on IS NULL OR o.closed_on <= %s) GROUP BY 1, 2, 3"""
BOARD = """
    SELECT stage_id, count(*), sum(amount), sum(round(amount * probability / 100, 2))
    FROM opportunities_opportunity WHERE status = 'open' AND archived_at IS NULL GROUP BY 1"""
AGEING = """
    SELECT account_id, currency, sum(total), sum(credited), sum(paid),
        sum(total - credited - paid) FILTER (WHERE due_on >= %s),
        sum(total - credited - paid) FILTER (WHERE due_on < %s AND due_on >= %s - 30),
        sum(total - credited - paid) FILTER (WHERE due_on < %s - 30)
    FROM orders_invoice WHERE status <> 'draft' AND issued_on <= %s GROUP BY 1, 2"""


def runs() -> dict[str, Pair]:
    """The night's work."""
    month = FiscalPeriod.objects.months().filter(last_on__lt=clock.today()).order_by("-first_on")[0]

    def score() -> None:
        last: int | None = 0
        while last is not None:
            last = score_leads(after=last)

    return {
        "scoring run": (score, plain(SCORE)),
        "commission run, a month": (
            lambda: calculate_commissions(period=month, actor=None),
            plain(COMMISSION, month.first_on, month.last_on),
        ),
    }


SCORE = """
    SELECT l.id, least(100, greatest(0, coalesce(f.points, 0))), a.mean FROM leads_lead l
    LEFT JOIN LATERAL (SELECT sum(points) AS points FROM leads_fitrule r WHERE r.is_active AND
        CASE r.field WHEN 'employees' THEN l.employees BETWEEN coalesce(at_least, 0) AND coalesce(at_most, 2147483647)
        WHEN 'industry' THEN l.industry = ANY (r.values) WHEN 'source' THEN l.source = ANY (r.values)
        ELSE l.country = ANY (r.values) END) f ON true
    LEFT JOIN (SELECT lead_id, avg(value) AS mean FROM leads_qualificationanswer GROUP BY 1) a ON a.lead_id = l.id
    WHERE l.status IN ('new', 'working', 'nurture', 'qualified')"""
COMMISSION = """
    SELECT payee_id, sum(plan_amount), CASE WHEN sum(plan_amount) > 270000 THEN 4 ELSE 2 END * sum(plan_amount) / 100
    FROM forecasting_credit WHERE credit_on BETWEEN %s AND %s GROUP BY 1"""


# The learned model ------------------------------------------------------------------------


def by_model() -> dict[str, Pair]:
    """Every open lead scored by a default model, with scores and top reasons; beside COPY of the rows that it writes.

    The model is learned here from the leads of this database and an outcome of their industry and size.
    """
    model = _learned()

    def work() -> None:
        last, count = 0, 1
        while count:
            last, count = score_chunk(model=model, after=last)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as the commit of each chunk would

    held = io.BytesIO()
    with taken_back(), connection.cursor() as cursor:
        work()
        cursor.copy_expert("COPY leads_leadpropensity TO STDOUT", held)

    def copied() -> None:
        held.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY leads_leadpropensity FROM STDIN", held)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    return {"scores and reasons by the model": (work, copied)}


def _learned() -> ScoringModel:
    found = ScoringModel.objects.filter(number=1).first()
    if found is not None:
        return found
    _ids, table = next(current_tables(tuple(COLUMNS_LEARNED), "l.id > %s", [0]))
    dice = default_rng(1)
    firm = {name: dice.random() for name in {*table["industry"]}}
    chance = [
        firm[a] * (0.5 if (b or 0) > 100 else 1) for a, b in zip(table["industry"], table["employees"], strict=True)
    ]
    labels = array([int(dice.random() < one) for one in chance], dtype=int8)
    prepared = training.prepare(table, list(range(len(labels))))
    trained = training.train_default(prepared, labels[prepared.rows])
    return ScoringModel.objects.create(
        number=1, algorithm="regression", status="ready", metrics=trained.metrics, fields=trained.fields,
        weights=trained.model, base=trained.base, trained_at=clock.now(),
    )  # fmt: skip


# Import ----------------------------------------------------------------------------------


def lead_rows(count: int) -> list[tuple[Any, ...]]:
    """Leads that nobody knows yet."""
    return [
        ("Ada", f"Berg {n}", f"Works {n}", f"ada{n}@import-{n}.example", "Retail", 20 + n % 900, "Canada", "List")
        for n in range(count)
    ]


def import_leads(rows: list[tuple[Any, ...]], actor: User) -> dict[str, float]:
    """Upload, dry run and commit as a person does it; seconds of each."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([HEAD, *rows])
    took, started = {}, time.perf_counter()
    run = imports.create_run(actor=actor, kind="leads", upload=ContentFile(text.getvalue().encode(), "leads.csv"))
    run = imports.map_run(run=run, version=run.version, actor=actor, mapping=run.mapping)
    took["upload"], started = time.perf_counter() - started, time.perf_counter()
    run = imports.check_run(run=run, version=run.version, actor=actor)
    took["check"], started = time.perf_counter() - started, time.perf_counter()
    job = imports.start_commit(run=run, version=run.version, actor=actor)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    if job.state != "done":
        raise RuntimeError(job.error)
    took["commit"] = time.perf_counter() - started
    return {name: round(seconds, 2) for name, seconds in took.items()}


def copy_leads(rows: list[tuple[Any, ...]], actor: User) -> float:
    """The same rows by COPY into the same table with its indexes; taken back."""
    now, text = clock.now().isoformat(), io.StringIO()
    names = [*COLUMNS, "email_key", "domain", "owner_id", "status", "created_at", "updated_at"]
    for row in rows:
        mail = row[3]
        text.write("\t".join(map(str, [*row, mail, mail.split("@")[1], actor.pk, "new", now, now])) + "\n")
    for field in Lead._meta.local_concrete_fields:
        default = None if field.generated or field.primary_key else field.get_default()  # type: ignore[attr-defined]
        if field.column not in names and default is not None:
            names.append(str(field.column))
            value = field.get_db_prep_save(default, connection)
            shown = "f" if value is False else "{}" if default == {} else str(value)
            text = io.StringIO("".join(f"{line}\t{shown}\n" for line in text.getvalue().splitlines()))
    text.seek(0)
    started = time.perf_counter()
    with taken_back(), connection.cursor() as cursor:
        cursor.copy_expert(f"COPY leads_lead ({', '.join(names)}) FROM STDIN", text)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        took = time.perf_counter() - started
    return round(took, 2)


def forget_import(actor: User) -> None:
    """Take the imported leads away again, with what came with them."""
    since = clock.now() - timedelta(hours=3)
    leads = Lead.objects.filter(owner=actor, source="List", created_at__gte=since)
    keys = list(leads.values_list("pk", flat=True))
    with transaction.atomic(), connection.cursor() as cursor:
        for table, column in (("leads_assignment", "lead_id"), ("leads_fitscore", "lead_id"), ("leads_lead", "id")):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY (%s)", [keys])
