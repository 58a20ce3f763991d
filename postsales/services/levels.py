"""Levels of service: policies with their targets, and noticing that one was missed."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from postsales.events import SlaBreached
from postsales.models import Priority, SlaBreach, SlaPolicy, SlaTarget, SupportCase
from postsales.selectors.clocks import ClockBook
from postsales.services import _telling
from revops.core import audit, clock, outbox
from revops.core.errors import InvalidInput
from revops.core.first_use import first_use
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.calendars import default_calendar
from revops.users.models import WorkingCalendar

# priority, minutes to the first answer, minutes to the solution, around the clock
Target = tuple[str, int, int, bool]
STANDARD: tuple[Target, ...] = (
    (Priority.P1, 15, 240, True),
    (Priority.P2, 60, 480, False),
    (Priority.P3, 240, 1440, False),
    (Priority.P4, 480, 2400, False),
    (Priority.P5, 960, 4800, False),
)


def _may(actor: Any) -> None:
    if actor is not None:
        require(actor, "postsales.change_slapolicy")


@transaction.atomic
def default_policy(*, actor: Any = None) -> SlaPolicy:
    """The policy of a case that names none; made on first use, on the default calendar."""
    defaults = SlaPolicy.objects.filter(is_default=True)
    found = defaults.first()
    if found is not None:
        return found
    with first_use("default SLA policy"):
        return defaults.first() or create_policy(
            actor=None, name="Standard", calendar=default_calendar(), is_default=True
        )


@transaction.atomic
def create_policy(
    *,
    actor: Any,
    name: str,
    calendar: WorkingCalendar,
    targets: Iterable[Target] = STANDARD,
    is_default: bool = False,
    restart_on_reopen: bool = False,
) -> SlaPolicy:
    """Add a policy."""
    _may(actor)
    name = name.strip()
    if not name or len(name) > 80 or SlaPolicy.objects.filter(name__iexact=name).exists():
        raise InvalidInput.of(name=_("A policy needs a name of its own, of up to 80 characters."))
    if is_default:
        SlaPolicy.objects.filter(is_default=True).update(is_default=False)
    policy = SlaPolicy.objects.create(
        name=name, calendar=calendar, is_default=is_default, restart_on_reopen=restart_on_reopen
    )
    _write(policy, targets)
    audit.record("sla_policy.created", policy, actor=actor)
    return policy


@transaction.atomic
def update_policy(*, policy: SlaPolicy, version: int | None = None, actor: Any, **changes: Any) -> SlaPolicy:
    """Change a policy's name, calendar or rule. Clocks are computed when read, so they follow at once."""
    _may(actor)
    policy = lock(policy, version)
    if changes.get("is_default"):
        SlaPolicy.objects.filter(is_default=True).exclude(pk=policy.pk).update(is_default=False)
    changed = edit(policy, changes)
    if changed:
        audit.record("sla_policy.changed", policy, actor=actor, changed=changed)
    return policy


@transaction.atomic
def set_targets(*, policy: SlaPolicy, targets: Iterable[Target], version: int | None = None, actor: Any) -> SlaPolicy:
    """Replace a policy's targets."""
    _may(actor)
    policy = lock(policy, version)
    before = [_plain(row) for row in policy.targets.all()]
    policy.targets.all().delete()
    _write(policy, targets)
    policy.version += 1
    policy.save(update_fields=["version", "updated_at"])
    after = [_plain(row) for row in SlaTarget.objects.filter(policy=policy)]
    audit.record("sla_policy.targets_set", policy, actor=actor, changed={"targets": (before, after)})
    return policy


@transaction.atomic
def watch_case(*, case: SupportCase, actor: Any = None) -> list[SlaBreach]:
    """Note which targets a case has missed by now. Each is noted and told once, however often this runs."""
    case = lock(case)
    clocks = ClockBook(clock.now()).of(case)
    late = [(one.target, one.due_at) for one in clocks.both() if one.late and one.due_at] if clocks else []
    noted = []
    for target, due_at in late:
        breach, made = SlaBreach.objects.get_or_create(
            case=case, target=target, defaults={"due_at": due_at, "noticed_at": clock.now()}
        )
        if made:
            noted.append(breach)
            audit.record("case.sla_breached", case, actor=actor, target=target, due_at=due_at)
            outbox.publish(SlaBreached(case_id=case.pk, target=target, due_at=due_at.isoformat()))
            _telling.breached(case, breach)
    return noted


def _plain(row: SlaTarget) -> list[Any]:
    return [row.priority, row.response_minutes, row.resolution_minutes, row.around_the_clock]


def _write(policy: SlaPolicy, targets: Iterable[Target]) -> None:
    rows = [
        SlaTarget(
            policy=policy,
            priority=priority,
            response_minutes=answer,
            resolution_minutes=solution,
            around_the_clock=always,
        )
        for priority, answer, solution, always in targets
    ]
    if len({row.priority for row in rows}) != len(rows):
        raise InvalidInput.of(targets=_("A priority stands in a policy once."))
    if any(not 0 < row.response_minutes <= row.resolution_minutes for row in rows):
        raise InvalidInput.of(targets=_("The first answer comes in one minute or more, and not after the solution."))
    SlaTarget.objects.bulk_create(rows)
