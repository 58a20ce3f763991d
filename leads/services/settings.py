"""What a RevOps administrator sets up: scorecards, fit rules, reasons, queues, pools, routing rules."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.validation import refuse_guests, refuse_invalid
from leads.events import ScoringChanged
from leads.models import (
    Competitor,
    DataSource,
    DisqualifyReason,
    EngagementRule,
    FitRule,
    LeadQueue,
    MarketFact,
    PoolMember,
    ResearchPartner,
    RoutingPool,
    RoutingRule,
    Scorecard,
    ScoreGroup,
)
from leads.selectors.scoring import CRITERIA
from leads.services.cards import renew_card
from revops.core import audit, outbox
from revops.core.errors import InvalidInput
from revops.core.first_use import first_use
from revops.core.scope import require
from revops.core.status import edit, lock

Setting = TypeVar(
    "Setting",
    FitRule,
    EngagementRule,
    ScoreGroup,
    DisqualifyReason,
    LeadQueue,
    RoutingPool,
    RoutingRule,
    ResearchPartner,
    DataSource,
    Competitor,
    MarketFact,
)


@transaction.atomic
def create_scorecard(*, actor: Any, weights: Mapping[str, Decimal], threshold: Decimal) -> Scorecard:
    """The next version: it takes over at once, the scores of earlier ones keep theirs."""
    if actor is not None:
        require(actor, "leads.add_scorecard")
    if set(weights) != set(CRITERIA) or not all(map(_per_cent, weights.values())) or sum(weights.values()) != 100:
        raise InvalidInput.of(needs_weight=_("The five weights add up to 100."))
    if not _per_cent(threshold):
        raise InvalidInput.of(threshold=_("The threshold lies between 0 and 100."))
    with first_use("scorecard"):  # of two at once the second replaces the first
        current = Scorecard.objects.select_for_update().filter(is_active=True).first()
    if current is not None:
        current = edit_setting(record=current, version=None, actor=actor, is_active=False)
    number = (Scorecard.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    columns = {f"{name}_weight": weight for name, weight in weights.items()}
    card = Scorecard.objects.create(number=number, threshold=threshold, is_active=True, **columns)
    audit.record("scorecard.created", card, actor=actor, weights=weights, threshold=threshold)
    outbox.publish(ScoringChanged(what=str(card)))
    return card


def _per_cent(value: Decimal) -> bool:
    """0 to 100, no finer than it is stored."""
    return value.is_finite() and 0 <= value <= 100 and value == round(value, 2)


@transaction.atomic
def create_setting(*, record: Setting, actor: Any) -> Setting:
    """Store a new fit rule, reason, queue, pool or routing rule."""
    _require(record, "add", actor)
    _check(record)
    record.save(force_insert=True)
    audit.record(f"{record._meta.model_name}.created", record, actor=actor)
    _announce(record, actor)
    return record


@transaction.atomic
def edit_setting(*, record: Any, version: int | None, actor: Any, **changes: Any) -> Any:
    """Change a setting; every change is in the log with before and after."""
    _require(record, "change", actor)
    record = lock(record, version)
    for name, value in changes.items():
        setattr(record, name, value)
    _check(record)
    record = lock(record)
    changed = edit(record, changes)
    if changed:
        audit.record(f"{record._meta.model_name}.changed", record, actor=actor, changed=changed)
        _announce(record, actor)
    return record


def _require(record: models.Model, verb: str, actor: Any) -> None:
    if actor is not None:
        require(actor, f"leads.{verb}_{record._meta.model_name}")


def _check(record: models.Model) -> None:
    refuse_invalid(record, [field.name for field in record._meta.fields if field.editable and not field.is_relation])
    if isinstance(record, FitRule) and record.field == FitRule.Field.EMPLOYEES:
        if record.at_least is None and record.at_most is None:
            raise InvalidInput.of(at_least=_("Give at least one bound."))
    elif isinstance(record, FitRule) and not record.values:
        raise InvalidInput.of(values=_("Name the values that give these points."))
    if isinstance(record, (FitRule, EngagementRule)):
        _check_group(record)
    if isinstance(record, EngagementRule):
        _check_decay(record)
    if isinstance(record, MarketFact | ResearchPartner):
        _refuse_constraint(record)
    _refuse_twin(record)


def _check_group(record: FitRule | EngagementRule) -> None:
    side = ScoreGroup.Side.FIT if isinstance(record, FitRule) else ScoreGroup.Side.ENGAGEMENT
    if record.group is not None and record.group.side != side:
        raise InvalidInput.of(group=_("This group is for the other kind of rule."))
    if not -100 <= record.points <= 100:
        raise InvalidInput.of(points=_("Points lie between -100 and 100."))


def _check_decay(record: EngagementRule) -> None:
    if record.decay == EngagementRule.Decay.HALF_LIFE and not 1 <= (record.half_life_days or 0) <= 3650:
        raise InvalidInput.of(half_life_days=_("Say after how many days the points have halved."))
    if record.decay == EngagementRule.Decay.LINEAR and not 1 <= (record.percent_per_month or 0) <= 100:
        raise InvalidInput.of(percent_per_month=_("Say how much falls away in a month, 1 to 100 %."))


def _refuse_constraint(record: models.Model) -> None:
    """What the database would refuse, said before it does."""
    try:
        record.validate_constraints()
    except ValidationError as error:
        name = "cost_per_record" if isinstance(record, ResearchPartner) else "metric"
        negative = _("An amount is a number of 0 or more.")
        text = negative if isinstance(record, ResearchPartner) else _("This figure is here already.")
        raise InvalidInput.of(**{name: text}) from error


def _refuse_twin(record: models.Model) -> None:
    """A name stands once, and there is one default pool and one fallback queue."""
    others = type(record)._default_manager.exclude(pk=record.pk)
    for field in record._meta.fields:
        value = getattr(record, field.attname)
        only_one = field.name in ("is_default", "is_fallback", "is_manual") and value
        if (only_one or (field.unique and not field.primary_key)) and others.filter(**{field.name: value}).exists():
            raise InvalidInput.of(**{field.name: _("There is one already.")})


def _announce(record: models.Model, actor: Any) -> None:
    if isinstance(record, (FitRule, EngagementRule, ScoreGroup)):
        renew_card(actor=actor, what=record.name)


@transaction.atomic
def set_members(*, pool: RoutingPool, members: Sequence[Mapping[str, Any]], actor: Any) -> RoutingPool:
    """Who takes leads in turn: {user, weight, monthly_capacity}, in order. A change starts the turns anew."""
    if actor is not None:
        require(actor, "leads.change_routingpool")
    pool = lock(pool)
    standing = {row.user_id: row for row in pool.members.select_related("user")}
    before = [_member_facts(row) for row in standing.values()]
    wanted = [_member(pool, place, facts) for place, facts in enumerate(members)]
    if len({row.user_id for row in wanted}) < len(wanted):
        raise InvalidInput.of(user=_("Nobody is in a pool twice: give them more weight."))
    after = [_member_facts(row) for row in wanted]
    if before == after:
        return pool
    pool.members.all().delete()
    PoolMember.objects.bulk_create(wanted)
    pool.version += 1
    pool.save(update_fields=["version", "updated_at"])
    audit.record("routingpool.changed", pool, actor=actor, changed={"members": (before, after)})
    return pool


def _member(pool: RoutingPool, place: int, facts: Mapping[str, Any]) -> PoolMember:
    member = PoolMember(
        pool=pool,
        user=facts["user"],
        weight=facts.get("weight") or 1,
        monthly_capacity=facts.get("monthly_capacity"),
        position=place,
    )
    refuse_guests(user=member.user)
    refuse_invalid(member, ["weight", "monthly_capacity"])
    return member


def _member_facts(row: PoolMember) -> dict[str, Any]:
    return {"user": str(row.user), "weight": row.weight, "monthly_capacity": row.monthly_capacity}
