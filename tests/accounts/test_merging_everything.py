"""Every table that points at a record is merged and taken apart again, found from the models: a new relation fails here
until somebody has decided what becomes of it.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from accounts.models import Account, Contact
from leads.models import Lead
from leads.setup import ensure_leads
from opportunities.setup import ensure_pipeline
from revops.core import clock, merging
from revops.core.registries import merge_kinds, merge_relations
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import make_lead

MODELS = (Account, Contact, Lead)
RELATIONS = [(model, field) for model in MODELS for field in merging.relations_of(model)]
# Computed anew from what a record has: these follow, they are not taken back.
COMPUTED = {"leads.fitscore", "leads.qualificationscore", "leads.fitresult", "leads.leadengagement"}
_serial = count(1)


def test_every_relation_under_a_unique_rule_has_a_decision() -> None:
    undecided = [
        merging.key_of(field)
        for _model, field in RELATIONS
        if merging.unique_rules(field) and not field.primary_key and merging.key_of(field) not in merge_relations
    ]
    assert not undecided, f"register a MergeRelation for: {undecided}"


def facts_of(field: Any) -> dict[str, Any]:
    """What a row needs beyond the plainest value of each column."""
    now = clock.now()
    return {
        "accounts.activity": {"status": "completed", "happened_at": now},
        "accounts.capturedparticipant": {"email_key": f"p{next(_serial)}@example.com"},
        "accounts.territoryassignment": {"kind": "none"},
        "leads.handoff": {"status": "expired", "expires_at": now, "sla_due_at": now, "package": {}},
        "leads.assignment": {"is_current": False},
        "leads.qualificationscore": {"is_current": False, "answers": {}},
        "leads.enrollment": {"next_at": now},
        "leads.sentmessage": {"token": f"t{next(_serial)}"},
        "leads.leadfinancials": {"revenue": None},
        "orders.order": {"number": f"O-{next(_serial)}"},
        "orders.invoice": {},
        "orders.payment": {"amount": Decimal(5), "reference": f"R{next(_serial)}"},
    }.get(field.model._meta.label_lower, {})


def make_row(field: Any, record: models.Model, person: Any) -> models.Model:
    """A row that points at the record, past the services: what matters here is that it is there."""
    row = field.model(**{field.name: record})
    for name, value in facts_of(field).items():
        setattr(row, name, value)
    for column in field.model._meta.concrete_fields:
        given = column is field or column.name in facts_of(field)
        if not given and not column.generated and not column.primary_key and not column.null:
            if column.has_default():
                continue
            setattr(row, column.attname, plainest(column, record, person))
    holder = HOLDERS.get(field.model._meta.label_lower)
    if holder:
        setattr(row, holder, person.pk)
    row.save_base(raw=True, force_insert=True)
    return row


HOLDERS = {
    "leads.assignment": "user_id",
    "accounts.accountshare": "user_id",
    "leads.leadshare": "user_id",
    "leads.sentmessage": "sender_id",
    "leads.lead": "owner_id",
}


def plainest(column: Any, record: models.Model, person: Any) -> Any:
    if isinstance(column, models.ForeignKey):
        return related(column, record, person)
    if column.choices:
        return column.flatchoices[0][0]
    if isinstance(column, models.DateTimeField):
        return clock.now()
    if isinstance(column, models.DateField):
        return clock.today()
    if isinstance(column, models.DecimalField | models.IntegerField):
        return 1
    if isinstance(column, models.JSONField):
        return {}
    if isinstance(column, models.BooleanField):
        return False
    return f"x{next(_serial)}"[: column.max_length or 20]


def related(column: Any, record: models.Model, person: Any) -> Any:
    """The key of what a required foreign key may point at: somebody, the record's account, or a row made for it."""
    target = column.related_model
    if target is type(person):
        return person.pk
    if target is type(record):
        return record.pk
    if target is Account:
        return getattr(record, "account_id", None) or make_account(person).pk
    found = None if target._meta.label_lower in FRESH else target._base_manager.order_by("-pk").first()
    return (found or made_for(target, record, person)).pk


def made_for(target: Any, record: models.Model, person: Any) -> models.Model:
    """A row of a table that something points at, about the record where it can be."""
    made = target()
    for column in target._meta.concrete_fields:
        if not column.generated and not column.primary_key and not column.null and not column.has_default():
            setattr(made, column.attname, plainest(column, record, person))
        if isinstance(column, models.ForeignKey) and column.related_model is type(record) and not column.unique:
            setattr(made, column.attname, record.pk)
    if target._meta.label_lower == "opportunities.needsanalysis" and made.lead_id is None:
        made.lead_id = make_lead(person).pk
    if target._meta.label_lower == "accounts.activity":
        made.status, made.happened_at = "completed", clock.now()
    made.save_base(raw=True, force_insert=True)
    return made


FRESH = {"accounts.activity"}


def two(model: type[models.Model], cast: Cast) -> tuple[Any, Any]:
    ensure_leads()
    ensure_pipeline()
    if model is Account:
        return make_account(cast.alice, "Acme"), make_account(cast.alice, "Acme Corporation", allow_duplicate=True)
    if model is Contact:
        account = make_account(cast.alice)
        return make_contact(account, "Lee", first_name="Ann"), make_contact(account, "Leigh", first_name="Ann")
    return make_lead(cast.alice), make_lead(cast.alice)


def stand(model: type[models.Model]) -> dict[tuple[str, Any], dict[str, Any]]:
    """Every row that could be touched, but for what counts changes."""
    tables = {field.model for _model, field in RELATIONS if _model is model} | {model}
    found = {}
    for table in tables:
        if table._meta.label_lower in COMPUTED:
            continue
        for row in table._base_manager.all():
            values = {f.attname: getattr(row, f.attname) for f in merging.stored_fields(table)}
            found[table._meta.label_lower, row.pk] = {
                name: value for name, value in values.items() if name not in ("version", "updated_at")
            }
    return found


@pytest.mark.spec("SD-05", "DA-02", "DA-03")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_what_hangs_on_a_record_goes_along_and_comes_back(model: Any, cast: Cast) -> None:
    winner, loser = two(model, cast)
    made: list[tuple[Any, models.Model]] = []
    for field in merging.relations_of(model):
        if field.model is model and field.name == "merged_into":
            continue
        alone = field.unique or field.model._meta.label_lower in COMPUTED
        rows = field.model._base_manager.filter(**{field.attname: loser.pk})
        made += (
            [(field, row) for row in rows] if alone and rows.exists() else [(field, make_row(field, loser, cast.bob))]
        )
    before = stand(model)
    kind = merge_kinds.get(model._meta.label_lower)
    assert kind is not None
    done = kind.merge(winner=winner, loser=loser, version=None, actor=cast.dana)
    for field, row in made:
        now = field.model._base_manager.filter(pk=row.pk).first()
        assert now is not None, merging.key_of(field)
        entry = merge_relations.get(merging.key_of(field))
        stays = field.primary_key or (entry is not None and entry.stays is True)
        assert getattr(now, field.attname) == (loser.pk if stays else winner.pk), merging.key_of(field)
    kind.undo(merge=done, actor=cast.dana)
    done.refresh_from_db()
    assert done.kept == []
    after = stand(model)
    assert after.keys() == before.keys()
    assert {key: row for key, row in after.items() if row != before[key]} == {}


@pytest.mark.parametrize(
    ("model", "field"), RELATIONS, ids=lambda one: getattr(one, "name", getattr(one, "__name__", ""))
)
def test_of_two_that_a_unique_rule_excludes_one_is_kept_and_both_come_back(model: Any, field: Any, cast: Cast) -> None:
    rules = merging.unique_rules(field)
    if not rules or field.primary_key or field.model._meta.label_lower in COMPUTED:
        pytest.skip("no unique rule of its own")
    winner, loser = two(model, cast)
    hers = make_row(field, winner, cast.bob)
    rows = field.model._base_manager.filter(pk=hers.pk)
    if not any(condition is None or rows.filter(condition).exists() for _others, condition, _empty in rules):
        pytest.skip("two such rows do not exclude each other")
    twin = field.model._base_manager.get(pk=hers.pk)
    field.model._base_manager.filter(**{field.attname: loser.pk}).delete()
    twin.pk, twin._state.adding = None, True
    setattr(twin, field.attname, loser.pk)
    try:
        with transaction.atomic():
            twin.save_base(raw=True, force_insert=True)
    except IntegrityError:
        pytest.skip("another rule keeps two such rows from being there at all")
    before = stand(model)
    kind = merge_kinds.get(model._meta.label_lower)
    assert kind is not None
    done = kind.merge(winner=winner, loser=loser, version=None, actor=cast.dana)
    rows = field.model._base_manager.filter(pk__in=[hers.pk, twin.pk])
    of_winner = rows.filter(**{field.attname: winner.pk}).count()
    entry = merge_relations.get(merging.key_of(field))
    assert entry is not None and of_winner == 1
    kind.undo(merge=done, actor=cast.dana)
    assert {key: row for key, row in stand(model).items() if row != before.get(key)} == {}


def test_a_merge_of_yesterday_can_be_taken_apart_and_one_of_31_days_ago_cannot(cast: Cast) -> None:
    winner, loser = two(Account, cast)
    kind = merge_kinds.get("accounts.account")
    assert kind is not None
    done = kind.merge(winner=winner, loser=loser, version=None, actor=cast.dana)
    done.merged_at -= timedelta(days=31)
    assert not merging.can_undo(done)
    done.merged_at += timedelta(days=2)
    assert merging.can_undo(done)
