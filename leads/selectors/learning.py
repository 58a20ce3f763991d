"""Leads as a table to learn from: what was known an hour after each came in, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.learning import values
from leads.learning.judging import Labels
from leads.learning.training import LEAST_OF_EACH
from leads.models import Lead, LearningSetup, ModelDrift, ScoringModel
from revops.core import clock
from revops.core.custom.definitions import every_field
from revops.core.models import CustomField

CUSTOM = "custom."
MONTHS_BACK = 18
READ_AT_ONCE = 20_000
# Columns of a lead, as SQL over its row {r}; texts that name one person say only whether they are there.
COLUMNS: dict[str, tuple[Any, str]] = {
    "source": (gettext_lazy("Source"), "{r}.source"),
    "industry": (gettext_lazy("Industry"), "{r}.industry"),
    "employees": (gettext_lazy("Employees"), "{r}.employees"),
    "country": (gettext_lazy("Country"), "{r}.country"),
    "title": (gettext_lazy("Title"), "{r}.title"),
    "has_email": (gettext_lazy("E-mail address given"), "CASE WHEN {r}.email <> '' THEN 'yes' ELSE 'no' END"),
    "has_phone": (gettext_lazy("Phone number given"), "CASE WHEN {r}.phone <> '' THEN 'yes' ELSE 'no' END"),
    "has_website": (gettext_lazy("Web site given"), "CASE WHEN {r}.website <> '' THEN 'yes' ELSE 'no' END"),
    "own_domain": (gettext_lazy("Company's own mail"), "CASE WHEN {r}.domain <> '' THEN 'yes' ELSE 'no' END"),
}
Kind = CustomField.Kind
UNFIT = frozenset({Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.PERSON, Kind.DATETIME})
Table = dict[str, list[Any]]

# The first before-image later than an hour after the lead came in is how it stood then; without one, as it stands.
AS_OF = """
    CROSS JOIN LATERAL (
        SELECT source, industry, employees, country, title, email, phone, website, domain, custom FROM (
            (SELECT 0 AS place, e.pgh_created_at AS at, e.source, e.industry, e.employees, e.country, e.title, e.email,
                e.phone, e.website, e.domain, e.custom
             FROM leads_leadevent e
             WHERE e.pgh_obj_id = l.id AND e.pgh_created_at > l.created_at + interval '1 hour'
             ORDER BY e.pgh_created_at, e.pgh_id LIMIT 1)
            UNION ALL
            SELECT 1, NULL, l.source, l.industry, l.employees, l.country, l.title, l.email, l.phone, l.website,
                l.domain, l.custom
        ) one ORDER BY place LIMIT 1
    ) f"""


@dataclass
class Known:
    """A table with each lead's outcome and age."""

    table: Table
    labels: Labels
    ages: list[float]
    ids: list[int] = field(default_factory=list)


def custom_fields() -> dict[str, CustomField]:
    """Custom fields of leads that a model may look at, by the name of their column in the table."""
    rows = every_field(Lead)
    return {f"{CUSTOM}{row.key}": row for row in rows if row.is_active and row.kind not in UNFIT}


def learning_setup() -> LearningSetup:
    """What is learned; the defaults until somebody chose."""
    return LearningSetup.objects.first() or LearningSetup()


def field_labels() -> dict[str, str]:
    """Every field that a model may look at, with the name that people gave it."""
    return {name: str(label) for name, (label, _sql) in COLUMNS.items()} | {
        name: row.label for name, row in custom_fields().items()
    }


def option_labels() -> dict[str, dict[str, str]]:
    """What people read for the stored values of choices, by field."""
    return {
        name: {str(one["value"]).casefold(): str(one["label"]) for one in field.choices}
        for name, field in custom_fields().items()
        if field.choices
    }


def feature_names(setup: LearningSetup) -> list[str]:
    """The fields that are features: all but the outcome and what tells the age."""
    return [name for name in (*COLUMNS, *custom_fields()) if name not in (setup.outcome, setup.age_field)]


def training_table(setup: LearningSetup, ended_since: Any = None) -> Known:
    """Leads of the last 18 months with a known outcome, as they stood an hour after they came in.

    With `ended_since` only those whose outcome came since then.
    """
    names = feature_names(setup)
    extra = [name for name in (setup.outcome, setup.age_field) if name]
    since = clock.now() - timedelta(days=MONTHS_BACK * 30)
    cells: list[list[Any]] = [[] for _name in (*names, *extra)]
    labels, ages, ids = [], [], []
    for rows in _rows([*names, *extra], "l.created_at >= %s AND l.merged_into_id IS NULL", [since], first=True):
        for row in rows:
            pk, created, *facts = row[:6]
            found = dict(zip(extra, row[6 + len(names) :], strict=True))
            label = _outcome(found.get(setup.outcome), facts, created, setup)
            age = _age(found.get(setup.age_field), created, setup)
            if label is None or age is None or (ended_since and _ended_at(facts, created, setup) < ended_since):
                continue
            ids.append(pk)
            labels.append(label)
            ages.append(age)
            for column, cell in zip(cells, row[6:], strict=False):
                column.append(cell)
    table = dict(zip(names, cells, strict=False))
    return Known(table, np.array(labels, dtype=np.int8), ages, ids)


def _outcome(told: Any, facts: Sequence[Any], created: Any, setup: LearningSetup) -> int | None:
    """1 converted in time, 0 not, None still open inside the window."""
    if setup.outcome:
        found = values.flag(told)
        return None if found is None else int(found)
    status, converted_at = facts[0], facts[1]
    window = timedelta(days=setup.window_days)
    if converted_at is not None:
        return int(converted_at - created <= window)
    if status == Lead.Status.DISQUALIFIED:
        return 0
    return None if clock.now() - created <= window else 0


def _ended_at(facts: Sequence[Any], created: Any, setup: LearningSetup) -> Any:
    """When the outcome was known: the conversion, a lost one's last change, or when it came in with its outcome."""
    if setup.outcome:
        return created
    status, converted_at, updated_at, *_more = facts
    if converted_at is not None:
        return converted_at
    return updated_at if status == Lead.Status.DISQUALIFIED else created + timedelta(days=setup.window_days)


def _age(told: Any, created: Any, setup: LearningSetup) -> float | None:
    """A number that grows with the day on which the lead came in."""
    if not setup.age_field:
        return created.timestamp() * 1.0
    found = values.number(told) if told is not None else None
    if found is None and told is not None:
        found = values.read_day(told, None)
    return None if found is None else -found if setup.low_is_new else found


def current_tables(
    names: Sequence[str], where: str, params: Sequence[Any], limit: int | None = None
) -> Iterator[tuple[list[int], Table]]:
    """The leads that `where` names as they stand today, in chunks: (ids, columns)."""
    for rows in _rows(names, where, params, limit=limit):
        columns = list(zip(*rows, strict=True))
        yield list(columns[0]), {name: list(column) for name, column in zip(names, columns[1:], strict=True)}


def _rows(
    names: Sequence[str], where: str, params: Sequence[Any], *, first: bool = False, limit: int | None = None
) -> Iterator[list[tuple[Any, ...]]]:
    """(id, *names) of leads by id; of the `first` hour, what tells their outcome stands behind the id."""
    row = "f" if first else "l"
    asked: list[Any] = []
    selected = []
    money = {name for name, field in custom_fields().items() if field.kind == Kind.MONEY}
    for name in names:
        if name.startswith(CUSTOM):
            selected.append(f"({row}.custom -> %s ->> 'amount')" if name in money else f"({row}.custom ->> %s)")
            asked.append(name.removeprefix(CUSTOM))
        else:
            selected.append(COLUMNS[name][1].format(r=row))
    # Names of columns come from COLUMNS; what people named is a parameter.
    facts = ("created_at", "status", "converted_at", "updated_at", "do_not_route") if first else ()
    head = ", ".join(["l.id", *(f"l.{fact}" for fact in facts), *selected])
    source = f"leads_lead l {AS_OF}" if first else "leads_lead l"
    sql = f"SELECT {head} FROM {source} WHERE {where} ORDER BY l.id {'LIMIT %s' if limit else ''}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*asked, *params, *([limit] if limit else [])])
        while rows := cursor.fetchmany(READ_AT_ONCE):
            yield rows


def enough_to_learn() -> bool:
    """Whether leads of the last 18 months ended often enough, either way, for a training to make sense."""
    if learning_setup().outcome:
        return True
    since = clock.now() - timedelta(days=MONTHS_BACK * 30)
    rows = Lead.objects.filter(created_at__gte=since)
    won = rows.filter(converted_at__isnull=False)[:LEAST_OF_EACH].count()
    lost = rows.filter(status=Lead.Status.DISQUALIFIED)[:LEAST_OF_EACH].count()
    return min(won, lost) >= LEAST_OF_EACH


def published_model() -> ScoringModel | None:
    """The model in use."""
    return ScoringModel.objects.filter(status=ScoringModel.Status.PUBLISHED).first()


def previous_model() -> ScoringModel | None:
    """The version that was in use before."""
    rows = ScoringModel.objects.filter(status=ScoringModel.Status.RETIRED, published_at__isnull=False)
    return rows.order_by("-retired_at", "-pk").first()


def model_list(*, viewer: Any) -> QuerySet[ScoringModel]:
    """All versions, the newest first."""
    rows = ScoringModel.objects.select_related("trained_by", "published_by").order_by("-number")
    return rows if viewer.has_perm("leads.view_scoringmodel") else rows.none()


def drift_list(*, model: ScoringModel | None) -> QuerySet[ModelDrift]:
    """What moved away from a model."""
    return ModelDrift.objects.filter(model=model) if model else ModelDrift.objects.none()


STATES: Mapping[str, Any] = {
    "no_signal": gettext_lazy("No reliable signal: what was known about these leads does not tell who converts."),
    "brier": gettext_lazy("Its probabilities are no better than the average of all leads."),
    "calibration": gettext_lazy("Its probabilities are off by more than 5 points."),
    "weak": gettext_lazy("It orders leads only a little better than chance: use it with care."),
    "leak": gettext_lazy("One field knows the outcome all by itself: look at it before you use this model."),
    "not_better": gettext_lazy("It is no better than the model that stands."),
    "too_few": gettext_lazy("There are fewer than 40 converted or 40 lost leads in the last 18 months."),
    "one_outcome": gettext_lazy("The oldest or the newest leads all ended the same way."),
    "no_fields": gettext_lazy("No field tells leads apart."),
}
REFUSALS: Mapping[str, Any] = {
    "empty": gettext_lazy("always empty"),
    "constant": gettext_lazy("always the same"),
    "own_word": gettext_lazy("different for nearly every lead"),
    "rare": gettext_lazy("no value comes often enough"),
    "known_later": gettext_lazy("known only afterwards"),
}


def reasons_in_words(model: ScoringModel) -> list[str]:
    """Why a version stands where it stands."""
    return [str(STATES[reason]) if reason in STATES else _("Unknown reason.") for reason in model.reasons]
