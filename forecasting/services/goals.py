"""Goals: set, broken down into parts that add up, and measured."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.validation import refuse_invalid, refuse_unknown, tidy
from forecasting.events import GoalChanged, GoalSet
from forecasting.models.goals import Goal, GoalProgress
from forecasting.models.periods import FiscalPeriod
from forecasting.selectors.goals import goals_to_reach, live_goals, values_of
from revops.core import audit, clock, outbox
from revops.core.errors import DomainError, InvalidInput, NotAllowed
from revops.core.scope import reach_ids, require
from revops.core.status import edit, lock
from revops.users.services import hand_rows

DIMENSIONS = ("name", "region", "product", "customer_type", "min_score")
CHANGED = (*DIMENSIONS, "owner", "target", "allow_variance")
MOST_PARTS = 50


@transaction.atomic
def create_goal(
    *,
    actor: Any,
    period: FiscalPeriod,
    owner: Any,
    target: Any,
    metric: str = Goal.Metric.QUALIFIED_LEADS,
    allow_variance: bool = False,
    parts: Sequence[Mapping[str, Any]] = (),
    **dimensions: Any,
) -> Goal:
    """Set a goal, and its parts at once if they are known."""
    _may_set(actor, "forecasting.add_goal", owner)
    refuse_unknown(dimensions, DIMENSIONS)
    goal = Goal(
        metric=metric,
        period=period,
        owner=owner,
        target=_number(target),
        allow_variance=allow_variance,
        **tidy(dimensions),
    )
    _check(goal)
    goal.save(force_insert=True)
    audit.record("goal.created", goal, actor=actor, target=goal.target, period=period.label)
    outbox.publish(GoalSet(goal_id=goal.pk, parent_id=None))
    if parts:
        _set_parts(goal, parts, actor)
    return goal


@transaction.atomic
def update_goal(*, goal: Goal, version: int | None, actor: Any, **changes: Any) -> Goal:
    """Change a goal. Where it has parts, or is one, the sum must still be right."""
    refuse_unknown(changes, CHANGED)
    _may_set(actor, "forecasting.change_goal", changes.get("owner") or goal.owner)
    goal = _locked(goal, version)
    wanted = tidy(changes)
    if "target" in wanted:
        wanted["target"] = _number(wanted["target"])
    trial = Goal(period=goal.period, metric=goal.metric, **{n: wanted.get(n, getattr(goal, n)) for n in CHANGED})
    _check(trial)
    changed = edit(goal, wanted)
    if changed:
        audit.record("goal.changed", goal, actor=actor, changed=changed)
        outbox.publish(GoalChanged(goal_id=goal.pk))
        _check_sum(goal)
        if goal.parent is not None:
            _check_sum(goal.parent)
    return goal


@transaction.atomic
def break_down_goal(
    *,
    goal: Goal,
    version: int | None,
    actor: Any,
    parts: Sequence[Mapping[str, Any]],
    allow_variance: bool | None = None,
) -> Goal:
    """Put these parts in the place of those that it has: {owner, target, region, product, …} each.

    They add up to the goal, or it is refused (`children_sum`), unless `allow_variance`.
    """
    _may_set(actor, "forecasting.change_goal", goal.owner)
    goal = _locked(goal, version)
    standing = list(goal.parts.select_for_update(of=("self",)))
    if any(part.parts.exists() for part in standing):
        raise DomainError("parts_have_parts", _("A part of it is broken down itself: change that one first."))
    if allow_variance is not None:
        goal.allow_variance = allow_variance
    goal.version += 1
    goal.save(update_fields=["allow_variance", "version", "updated_at"])
    for part in standing:
        part.delete()
    _set_parts(goal, parts, actor)
    outbox.publish(GoalChanged(goal_id=goal.pk))
    return goal


@transaction.atomic
def delete_goal(*, goal: Goal, version: int | None, actor: Any) -> None:
    """Take a goal away that has no parts and is none."""
    _may_set(actor, "forecasting.change_goal", goal.owner)
    goal = _locked(goal, version)
    if goal.parent_id or goal.parts.exists():
        raise DomainError("has_parts", _("It has parts, or is one: break the goal down anew instead."))
    audit.record("goal.deleted", goal, actor=actor, target=goal.target)
    goal.delete()


@transaction.atomic
def compute_goal_progress(*, actor: Any = None) -> int:
    """Write today's figure of every running goal; a second run of the day brings it up to date."""
    now, today = clock.now(), clock.today()
    rows = list(live_goals(today))
    values = values_of(rows)
    GoalProgress.objects.bulk_create(
        [
            GoalProgress(goal=goal, as_of=min(today, goal.period.last_on), value=values[goal.pk], computed_at=now)
            for goal in rows
        ],
        update_conflicts=True,
        unique_fields=["goal", "as_of"],
        update_fields=["value", "computed_at"],
    )
    return len(rows)


def _locked(goal: Goal, version: int | None) -> Goal:
    """The goal and what it is a part of, the upper one first, so that sums change one at a time."""
    if goal.parent_id:
        Goal.objects.select_for_update(of=("self",)).get(pk=goal.parent_id)
    return lock(goal, version)


def _set_parts(goal: Goal, parts: Sequence[Mapping[str, Any]], actor: Any) -> None:
    if len(parts) > MOST_PARTS:
        raise InvalidInput.of(parts=_("At most %(most)s parts.") % {"most": MOST_PARTS})
    for facts in parts:
        given = dict(facts)
        owner, target = given.pop("owner", None) or goal.owner, _number(given.pop("target", None))
        _may_set(actor, "forecasting.change_goal", owner)
        refuse_unknown(given, DIMENSIONS)
        inherited = {name: getattr(goal, name) for name in DIMENSIONS if name != "name"}
        part = Goal(
            metric=goal.metric,
            period=goal.period,
            parent=goal,
            owner=owner,
            target=target,
            **{**inherited, **tidy({name: value for name, value in given.items() if value not in (None, "")})},
        )
        _check(part)
        part.save(force_insert=True)
        outbox.publish(GoalSet(goal_id=part.pk, parent_id=goal.pk))
    _check_sum(goal)
    audit.record("goal.broken_down", goal, actor=actor, parts=[str(part.target) for part in goal.parts.all()])


def _check_sum(goal: Goal) -> None:
    """The parts of a goal add up to it. The database holds the same at the end of the transaction."""
    targets = list(goal.parts.values_list("target", flat=True))
    total = sum(targets, Decimal(0))
    if targets and not goal.allow_variance and total != goal.target:
        raise DomainError(
            "children_sum",
            _("The parts add up to %(total)s, the goal is %(target)s.")
            % {"total": f"{total.normalize():f}", "target": f"{goal.target.normalize():f}"},
            facts={"total": str(total), "target": str(goal.target)},
        )


def _check(goal: Goal) -> None:
    refuse_invalid(goal, ["metric", "name", "region", "customer_type", "min_score"])
    if goal.min_score is not None and not 0 <= goal.min_score <= 100:
        raise InvalidInput.of(min_score=_("A score lies between 0 and 100."))


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or not 0 < number < Decimal(10) ** 15 or number != number.quantize(Decimal("0.001")):
        raise InvalidInput.of(target=_("A number of more than 0."))
    return number


def _may_set(actor: Any, permission: str, owner: Any) -> None:
    """Whoever sets goals does so for the people of their reach."""
    if actor is None:
        return
    require(actor, permission, _("Your role does not set goals."))
    ids = reach_ids(actor)
    if ids is not None and owner.pk not in ids:
        raise NotAllowed(_("You set goals for the people of your teams."))


@transaction.atomic
def hand_over_goals(*, user: Any, to: Any, actor: Any) -> int:
    """Goals that `user` was to reach and that are not over."""
    return len(hand_rows(rows=goals_to_reach(), user=user, to=to, actor=actor, action="goal.changed"))
