"""Writes to territories: their names, the models that divide the accounts, and bringing a model into force."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.events import TerritoryChanged, TerritoryModelActivated
from accounts.models import Account, Territory, TerritoryChange, TerritoryModel, TerritoryRule
from accounts.selectors.territories import CHANGES, CRITERIA, EVERY, PLACES, model_in_force, preview_is_stale
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from revops.core import audit, clock, jobs, outbox
from revops.core.errors import DomainError, IllegalState, InvalidInput
from revops.core.models import JobRun
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users.services import hand_rows

PLAN, KIND = "accounts.change_territorymodel", "accounts.territory_rules"
RULE_FIELDS = ("owner", "priority", *CRITERIA, "employees_min", "employees_max", "catch_all")
CHUNK = 20_000


@transaction.atomic
def create_territory(*, actor: Any, name: str) -> Territory:
    """A named region."""
    if actor is not None:
        require(actor, "accounts.add_territory")
    territory = Territory(name=name.strip())
    _check(territory)
    territory.save(force_insert=True)
    audit.record("territory.created", territory, actor=actor)
    outbox.publish(TerritoryChanged(territory_id=territory.pk, change="created"))
    return territory


@transaction.atomic
def rename_territory(*, territory: Territory, version: int | None, actor: Any, name: str) -> Territory:
    """Another name for the same region."""
    require(actor, "accounts.change_territory")
    territory = lock(territory, version)
    _check(Territory(name=name.strip(), pk=territory.pk))
    changed = edit(territory, {"name": name.strip()})
    if changed:
        audit.record("territory.changed", territory, actor=actor, changed=changed)
        outbox.publish(TerritoryChanged(territory_id=territory.pk, change="renamed"))
    return territory


def _check(record: Territory | TerritoryModel) -> None:
    refuse_invalid(record, ["name"])
    twins: Any = type(record)._default_manager
    if twins.filter(name=record.name).exclude(pk=record.pk).exists():
        raise InvalidInput.of(name=_("There is one of this name already."))


# Planning ---------------------------------------------------------------------------------


@transaction.atomic
def create_territory_model(
    *, actor: Any, name: str, copy_of: TerritoryModel | None = None, keeps_hand: bool = True
) -> TerritoryModel:
    """A model to plan with: empty, or drawn like another one."""
    if actor is not None:
        require(actor, "accounts.add_territorymodel")
    model = TerritoryModel(name=name.strip(), keeps_hand=keeps_hand)
    _check(model)
    model.save(force_insert=True)
    if copy_of is not None:
        TerritoryRule.objects.bulk_create(
            [
                TerritoryRule(
                    model=model, territory_id=rule.territory_id, **{name: getattr(rule, name) for name in RULE_FIELDS}
                )
                for rule in copy_of.rules.all()
            ]
        )
    audit.record("territorymodel.created", model, actor=actor, copy_of=copy_of)
    return model


@transaction.atomic
def change_territory_model(*, model: TerritoryModel, version: int | None, actor: Any, **changes: Any) -> TerritoryModel:
    """Another name; or, of a plan, whether it leaves alone what people placed by hand."""
    require(actor, PLAN)
    refuse_unknown(changes, ("name", "keeps_hand"))
    model = lock(model, version)
    wanted = tidy(changes)
    _check(TerritoryModel(name=wanted.get("name", model.name), pk=model.pk))
    if wanted.get("keeps_hand", model.keeps_hand) != model.keeps_hand:
        _planned(model)
        wanted["previewed_at"] = None
    changed = edit(model, wanted)
    if changed:
        audit.record("territorymodel.changed", model, actor=actor, changed=changed)
    return model


@transaction.atomic
def add_territory_rule(*, model: TerritoryModel, territory: Territory, actor: Any, **fields: Any) -> TerritoryRule:
    """Draw a territory in a planned model."""
    if actor is not None:
        require(actor, PLAN)
    model = _planned(model)
    refuse_unknown(fields, RULE_FIELDS)
    rule = TerritoryRule(model=model, territory=territory, **_small(fields))
    _refuse_rule(rule)
    if model.rules.filter(territory=territory).exists():
        raise InvalidInput.of(territory=_("This model has that territory already."))
    rule.save(force_insert=True)
    _touched(model)
    audit.record("territoryrule.created", rule, actor=actor)
    return rule


@transaction.atomic
def change_territory_rule(*, rule: TerritoryRule, version: int | None, actor: Any, **changes: Any) -> TerritoryRule:
    """Draw a territory otherwise: in a planned model only, so that what is in force was previewed."""
    require(actor, PLAN)
    model = _planned(rule.model)
    refuse_unknown(changes, RULE_FIELDS)
    rule = lock(rule, version)
    wanted = _small(changes)
    trial = TerritoryRule(
        model=model,
        territory_id=rule.territory_id,
        **{name: wanted.get(name, getattr(rule, name)) for name in RULE_FIELDS},
    )
    _refuse_rule(trial)
    changed = edit(rule, wanted)
    if changed:
        _touched(model)
        audit.record("territoryrule.changed", rule, actor=actor, changed=changed)
    return rule


@transaction.atomic
def remove_territory_rule(*, rule: TerritoryRule, version: int | None, actor: Any) -> None:
    """Take a territory out of a planned model."""
    require(actor, PLAN)
    model = _planned(rule.model)
    rule = lock(rule, version)
    audit.record("territoryrule.removed", rule, actor=actor)
    rule.delete()
    _touched(model)


def _planned(model: TerritoryModel) -> TerritoryModel:
    model = lock(model)
    if model.status != TerritoryModel.Status.PLANNING:
        raise IllegalState("not_planning", _("Only a planned model is drawn: copy this one and change the copy."))
    return model


def _touched(model: TerritoryModel) -> None:
    """What was previewed is no longer what would happen."""
    model.previewed_at = None
    model.version += 1
    model.save(update_fields=["previewed_at", "version", "updated_at"])


def _small(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Criteria as they are compared: in small letters, without blanks around them."""
    return {
        name: [word.strip().lower() for word in value if word.strip()] if name in CRITERIA else value
        for name, value in fields.items()
    }


def _refuse_rule(rule: TerritoryRule) -> None:
    refuse_invalid(rule, [name for name in RULE_FIELDS if name != "owner"])
    low, high = rule.employees_min, rule.employees_max
    if low is not None and high is not None and low > high:
        raise InvalidInput.of(employees_max=_("This is less than the lower bound."))
    if not rule.priority:
        raise InvalidInput.of(priority=_("1 is the highest priority."))
    if rule.owner is not None and not (rule.owner.is_active and rule.owner.can_sign_in):
        raise InvalidInput.of(owner=_("%(name)s does not work here.") % {"name": rule.owner})


@transaction.atomic
def hand_over_territories(*, user: Any, to: Any, actor: Any) -> int:
    """Territories of `user` that are planned or in force."""
    rules = TerritoryRule.objects.exclude(model__status=TerritoryModel.Status.ARCHIVED)
    moved = hand_rows(rows=rules, user=user, to=to, actor=actor, action="territoryrule.changed")
    models = TerritoryModel.objects.filter(status=TerritoryModel.Status.PLANNING, rules__in=moved)
    for model in models.distinct().order_by("pk"):
        _touched(lock(model))
    return len(moved)


# From plan to force -----------------------------------------------------------------------


@transaction.atomic
def preview_territory_model(*, model: TerritoryModel, actor: Any) -> TerritoryModel:
    """Store, row by row, what the planned model would change as things stand now."""
    require(actor, PLAN)
    model = _planned(model)
    TerritoryChange.objects.filter(model=model).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO accounts_territorychange (model_id, account_id, kind, territory_before_id,
                    territory_after_id, owner_before_id, owner_after_id)
                SELECT %(model)s, p.* FROM ({PLACES}) p WHERE {CHANGES}""",  # noqa: S608
            {"model": model.pk, **EVERY},
        )
    model.previewed_at = clock.now()
    model.version += 1
    model.save(update_fields=["previewed_at", "version", "updated_at"])
    return model


@transaction.atomic
def activate_territory_model(*, model: TerritoryModel, version: int | None, actor: Any) -> TerritoryModel:
    """Bring a planned model into force: exactly the rows of its preview change, or, if it is stale, none."""
    require(actor, PLAN)
    list(TerritoryModel.objects.select_for_update().order_by("pk"))  # one activation at a time, whichever model
    standing = model_in_force()
    model = lock(model, version)
    if model.status == TerritoryModel.Status.PLANNING and model.previewed_at is None:
        raise DomainError("no_preview", _("Look at what it would change first: there is no preview of this model."))
    advance(model, TerritoryModel.Status.ACTIVE, TerritoryModel.TRANSITIONS)
    changes = TerritoryChange.objects.filter(model=model)
    moved = Account.objects.filter(pk__in=changes.values("account_id")).order_by("pk").select_for_update()
    list(moved.values_list("pk", flat=True))
    if preview_is_stale(model):
        raise IllegalState("stale_preview", _("Accounts changed since the preview. Look at a new one first."))
    now = clock.now()
    if standing is not None:
        advance(standing, TerritoryModel.Status.ARCHIVED, TerritoryModel.TRANSITIONS)
        standing.archived_at = now
        standing.save(update_fields=["status", "archived_at", "version", "updated_at"])
        audit.record("territorymodel.archived", standing, actor=actor)
    model.activated_at = now
    _write_assignments(model, EVERY, before=standing)
    count = _write_changes(model, actor, "accounts_territorychange")
    model.save(update_fields=["status", "activated_at", "version", "updated_at"])
    audit.record("territorymodel.activated", model, actor=actor, accounts=count)
    outbox.publish(TerritoryModelActivated(model_id=model.pk, accounts=count))
    return model


def _write_changes(model: TerritoryModel, actor: Any, rows: str) -> int:
    """The rows of a table of changes become the accounts' columns, each with its line in the log."""
    who = {"model": model.pk, "now": clock.now(), "actor": actor.pk if actor else None}
    with connection.cursor() as cursor:
        cursor.execute(LOG.replace("accounts_territorychange", rows), {**who, "request": audit.request_id.get()})
        cursor.execute(
            f"""UPDATE accounts_account a
               SET territory_id = c.territory_after_id, owner_id = c.owner_after_id, version = a.version + 1,
                   updated_at = %(now)s
               FROM {rows} c WHERE c.model_id = %(model)s AND c.account_id = a.id""",  # noqa: S608
            who,
        )
        return int(cursor.rowcount)


def _person(alias: str) -> str:
    name = f"trim(concat_ws(' ', nullif({alias}.first_name, ''), nullif({alias}.last_name, '')))"
    return f"jsonb_build_object('id', {alias}.id, 'label', coalesce(nullif({name}, ''), {alias}.username))"


def _region(alias: str) -> str:
    return f"CASE WHEN {alias}.id IS NOT NULL THEN jsonb_build_object('id', {alias}.id, 'label', {alias}.name) END"


LOG = f"""
    INSERT INTO core_auditentry (at, actor_id, action, model, object_id, label, area, before, after, facts, request_id)
    SELECT %(now)s, %(actor)s, 'account.changed', 'accounts.account', a.id::text, left(a.name, 200), '',
           jsonb_strip_nulls(jsonb_build_object('owner', CASE WHEN u.id <> v.id THEN {_person("u")} END))
             || CASE WHEN s.id IS DISTINCT FROM t.id
                THEN jsonb_build_object('territory', {_region("s")}) ELSE '{{}}' END,
           jsonb_strip_nulls(jsonb_build_object('owner', CASE WHEN u.id <> v.id THEN {_person("v")} END))
             || CASE WHEN s.id IS DISTINCT FROM t.id
                THEN jsonb_build_object('territory', {_region("t")}) ELSE '{{}}' END,
           jsonb_build_object('territory_model', jsonb_build_object('id', m.id, 'label', m.name)),
           coalesce(%(request)s, '')
    FROM accounts_territorychange c
    JOIN accounts_territorymodel m ON m.id = c.model_id
    JOIN accounts_account a ON a.id = c.account_id
    JOIN users_user u ON u.id = c.owner_before_id
    JOIN users_user v ON v.id = c.owner_after_id
    LEFT JOIN accounts_territory s ON s.id = c.territory_before_id
    LEFT JOIN accounts_territory t ON t.id = c.territory_after_id
    WHERE c.model_id = %(model)s
"""  # noqa: S608


def _write_assignments(model: TerritoryModel, stretch: Mapping[str, int], *, before: TerritoryModel | None) -> int:
    """Where the model puts each account of a stretch of ids, and why.

    While a model comes into force, what is by hand is told by the model before it, which is archived already.
    """
    places = PLACES.replace("m.status = 'active'", f"m.id = {before.pk}") if before is not None else PLACES
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO accounts_territoryassignment (model_id, account_id, territory_id, kind, assigned_at)
                SELECT %(model)s, p.account_id, p.territory_after, p.kind, %(now)s FROM ({places}) p
                ON CONFLICT (model_id, account_id) DO UPDATE
                SET territory_id = EXCLUDED.territory_id, kind = EXCLUDED.kind, assigned_at = EXCLUDED.assigned_at
                WHERE accounts_territoryassignment.territory_id IS DISTINCT FROM EXCLUDED.territory_id
                   OR accounts_territoryassignment.kind <> EXCLUDED.kind""",  # noqa: S608
            {"model": model.pk, "now": clock.now(), **stretch},
        )
        return int(cursor.rowcount)


# The rules of the model in force -----------------------------------------------------------


@transaction.atomic
def run_territory_rules(*, actor: Any = None) -> JobRun | None:
    """Put accounts that came or changed since where the model in force says. None while no model is in force."""
    if actor is not None:
        require(actor, PLAN)
    model = model_in_force()
    if model is None:
        return None
    total = Account.objects.active().count()
    return jobs.start(kind=KIND, actor=actor, total=total, params={"model": model.pk, "title": _("Territory rules")})


@transaction.atomic
def step_territory_rules(*, job: JobRun) -> bool:
    """One stretch of accounts. Owners stay: they change with a preview only. Ends when another model is in force."""
    model = TerritoryModel.objects.select_for_update().filter(pk=job.params["model"], status="active").first()
    after = int(job.params.get("after", 0))
    keys = Account.objects.active().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    chunk = list(keys.select_for_update())
    if model is None or not chunk:
        return False
    moved = _place_chunk(model, {"after": after, "until": chunk[-1]}, job.created_by)
    job.params["after"] = chunk[-1]
    job.done += len(chunk)
    job.counts["moved"] = job.counts.get("moved", 0) + moved
    return len(chunk) == CHUNK


def _place_chunk(model: TerritoryModel, stretch: Mapping[str, int], actor: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS territory_moves")
        cursor.execute(
            f"""CREATE TEMPORARY TABLE territory_moves ON COMMIT DROP AS
                SELECT %(model)s::bigint AS model_id, p.account_id, p.territory_before AS territory_before_id,
                       p.territory_after AS territory_after_id, p.owner_before AS owner_before_id,
                       p.owner_before AS owner_after_id
                FROM ({PLACES}) p WHERE p.territory_before IS DISTINCT FROM p.territory_after""",  # noqa: S608
            {"model": model.pk, **stretch},
        )
    _write_assignments(model, stretch, before=None)
    return _write_changes(model, actor, "territory_moves")
