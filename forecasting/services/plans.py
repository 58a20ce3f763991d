"""Plans and who is on them. What is approved is never edited: the next edition takes over."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max
from django.utils.translation import gettext as _

from forecasting.models.compensation import Component, CompPlan, PlanAssignment, PlanVersion, Tier
from forecasting.models.pay_scope import MANAGES, holds
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed
from revops.core.money import currencies
from revops.core.status import advance, edit, lock
from revops.users.models import User

AREA = "compensation"
Status = PlanVersion.Status


def _require(actor: User) -> None:
    if not holds(actor, MANAGES):
        raise NotAllowed(_("Compensation administrators do this."))


@transaction.atomic
def create_plan(*, actor: User, code: str, name: str, description: str = "") -> CompPlan:
    """A plan without editions yet."""
    _require(actor)
    if CompPlan.objects.filter(code=code).exists():
        raise InvalidInput.of(code=_("There is a plan with this code."))
    plan = CompPlan.objects.create(code=code, name=name, description=description)
    audit.record("plan.created", plan, actor=actor, area=AREA)
    return plan


@transaction.atomic
def update_plan(*, plan: CompPlan, version: int | None, actor: User, **changes: str) -> CompPlan:
    """Rename or describe a plan."""
    _require(actor)
    plan = lock(plan, version)
    changed = edit(plan, changes)
    if changed:
        audit.record("plan.changed", plan, actor=actor, area=AREA, changed=changed)
    return plan


@transaction.atomic
def create_plan_version(
    *,
    actor: User,
    plan: CompPlan,
    first_on: date,
    last_on: date | None = None,
    components: Sequence[Mapping[str, Any]] = (),
    **terms: Any,
) -> PlanVersion:
    """A draft edition. `components`: [{name, metric, mode, comparator, tiers: [(bound, per cent), …]}]."""
    _require(actor)
    _check_terms(first_on, last_on, terms)
    plan = lock(plan)
    last = plan.versions.aggregate(last=Max("number"))["last"] or 0
    during = DateRange(first_on, last_on + timedelta(days=1) if last_on else None)
    edition = PlanVersion.objects.create(plan=plan, number=last + 1, during=during, **terms)
    if components:
        _write_components(edition, components)
    audit.record("plan_version.created", edition, actor=actor, area=AREA)
    return edition


def _check_terms(first_on: date, last_on: date | None, terms: Mapping[str, Any]) -> None:
    if last_on and last_on < first_on:
        raise InvalidInput.of(last_on=_("The last day is before the first."))
    if terms.get("currency", "USD") not in currencies():
        raise InvalidInput.of(currency=_("There is no such currency."))


@transaction.atomic
def set_components(
    *, plan_version: PlanVersion, version: int | None, actor: User, components: Sequence[Mapping[str, Any]]
) -> PlanVersion:
    """Replace a draft's components and tiers."""
    _require(actor)
    edition = _draft(plan_version, version)
    edition.components.all().delete()
    _write_components(edition, components)
    edition.version += 1
    edition.save(update_fields=["version", "updated_at"])
    audit.record("plan_version.components_set", edition, actor=actor, area=AREA)
    return edition


@transaction.atomic
def update_plan_version(*, plan_version: PlanVersion, version: int | None, actor: User, **terms: Any) -> PlanVersion:
    """Change a draft's terms."""
    _require(actor)
    edition = _draft(plan_version, version)
    changed = edit(edition, terms)
    if changed:
        audit.record("plan_version.changed", edition, actor=actor, area=AREA, changed=changed)
    return edition


def _draft(plan_version: PlanVersion, version: int | None) -> PlanVersion:
    edition = lock(plan_version, version)
    if not edition.is_editable:
        raise IllegalState("illegal_state", _("Only a draft is edited. Make a new version: it takes over on its date."))
    return edition


def _write_components(edition: PlanVersion, components: Sequence[Mapping[str, Any]]) -> None:
    for position, given in enumerate(components, start=1):
        tiers = [(Decimal(str(bound)), Decimal(str(rate))) for bound, rate in given["tiers"]]
        _check_tiers(given, tiers)
        component = Component.objects.create(
            plan_version=edition,
            position=position,
            name=given.get("name") or _("Commission"),
            metric=given.get("metric", Component.Metric.REVENUE),
            mode=given.get("mode", Component.Mode.RETRO),
            comparator=given.get("comparator", Component.Comparator.GT),
        )
        Tier.objects.bulk_create(Tier(component=component, bound=bound, rate=rate) for bound, rate in tiers)


def _check_tiers(given: Mapping[str, Any], tiers: Sequence[tuple[Decimal, Decimal]]) -> None:
    bounds = [bound for bound, _rate in tiers]
    if not bounds or min(bounds) != 0:
        raise InvalidInput.of(tiers=_("The first tier starts at 0, so that every amount has a rate."))
    if len(set(bounds)) != len(bounds):
        raise InvalidInput.of(tiers=_("Two tiers start at the same amount."))
    if any(not 0 <= rate <= 100 for _bound, rate in tiers):
        raise InvalidInput.of(tiers=_("A rate is from 0 to 100 %."))
    for name, choices in (("metric", Component.Metric), ("mode", Component.Mode), ("comparator", Component.Comparator)):
        if name in given and given[name] not in choices.values:
            raise InvalidInput.of(**{name: _("“%(value)s” is not one of the choices.") % {"value": given[name]}})


@transaction.atomic
def submit_plan_version(*, plan_version: PlanVersion, version: int | None, actor: User) -> PlanVersion:
    """Hand a draft to review."""
    _require(actor)
    edition = lock(plan_version, version)
    if not edition.components.exists():
        raise MissingFields(_("A plan needs at least one component."), ["components"])
    return _move(edition, Status.IN_REVIEW, actor)


@transaction.atomic
def approve_plan_version(*, plan_version: PlanVersion, version: int | None, actor: User) -> PlanVersion:
    """Approve an edition; the one that ran until now ends the day before."""
    _require(actor)
    lock(plan_version.plan)
    edition = lock(plan_version, version)
    _make_room(edition, actor)
    advance(edition, Status.APPROVED, PlanVersion.TRANSITIONS)
    edition.approved_by, edition.approved_at = actor, clock.now()
    edition.save(update_fields=["status", "approved_by", "approved_at", "version", "updated_at"])
    audit.record("plan_version.approved", edition, actor=actor, area=AREA)
    return edition


def _make_room(edition: PlanVersion, actor: User) -> None:
    others = PlanVersion.objects.filter(plan=edition.plan, status__in=PlanVersion.SETTLED)
    for other in others.filter(during__overlap=edition.during).select_for_update(of=("self",)):
        if other.during.lower >= edition.during.lower:
            raise IllegalState("range_taken", _("%(other)s covers these days.") % {"other": other})
        changed = edit(other, {"during": DateRange(other.during.lower, edition.during.lower)})
        audit.record("plan_version.cut_short", other, actor=actor, area=AREA, changed=changed)


@transaction.atomic
def activate_plan_version(*, plan_version: PlanVersion, version: int | None, actor: User | None) -> PlanVersion:
    """From now on it pays."""
    if actor is not None:
        _require(actor)
    return _move(lock(plan_version, version), Status.ACTIVE, actor)


@transaction.atomic
def retire_plan_version(*, plan_version: PlanVersion, version: int | None, actor: User) -> PlanVersion:
    """Nobody is put on it any more; what it has to pay for its days stays."""
    _require(actor)
    return _move(lock(plan_version, version), Status.RETIRED, actor)


@transaction.atomic
def assign_plan(
    *, actor: User, plan_version: PlanVersion, user: User, first_on: date, last_on: date | None = None
) -> PlanAssignment:
    """Offer a plan to a person. An assignment to the same plan that runs on ends the day before."""
    _require(actor)
    if plan_version.status not in (Status.APPROVED, Status.ACTIVE):
        raise IllegalState("plan_not_approved", _("People are put on an approved plan."))
    if last_on and last_on < first_on:
        raise InvalidInput.of(last_on=_("The last day is before the first."))
    during = DateRange(first_on, last_on + timedelta(days=1) if last_on else None)
    current = PlanAssignment.objects.filter(user=user, during__overlap=during).select_for_update(of=("self",))
    for other in current.select_related("plan_version"):
        _give_way(other, plan_version, first_on, actor)
    assignment = PlanAssignment.objects.create(
        user=user, plan=plan_version.plan, plan_version=plan_version, during=during
    )
    audit.record("plan_assignment.offered", assignment, actor=actor, area=AREA, during=str(during))
    return assignment


def _give_way(other: PlanAssignment, plan_version: PlanVersion, first_on: date, actor: User) -> None:
    if other.plan_id != plan_version.plan_id:
        if other.plan_version.currency != plan_version.currency:
            raise InvalidInput.of(plan_version=_("Plans of one person on the same day pay in one currency."))
        return
    if other.during.lower >= first_on:
        raise InvalidInput.of(first_on=_("This person is on the plan on these days already."))
    changed = edit(other, {"during": DateRange(other.during.lower, first_on)})
    audit.record("plan_assignment.cut_short", other, actor=actor, area=AREA, changed=changed)


@transaction.atomic
def sign_assignment(*, assignment: PlanAssignment, version: int | None, actor: User) -> PlanAssignment:
    """The payee accepts the plan; before that it pays nothing."""
    assignment = lock(assignment, version)
    if assignment.user_id != actor.pk:
        raise NotAllowed(_("Only the person on the plan signs it."))
    advance(assignment, PlanAssignment.Status.SIGNED, PlanAssignment.TRANSITIONS)
    if assignment.during.lower <= clock.today():
        advance(assignment, PlanAssignment.Status.ACTIVE, PlanAssignment.TRANSITIONS)
    assignment.signed_at = clock.now()
    assignment.save(update_fields=["status", "signed_at", "version", "updated_at"])
    audit.record("plan_assignment.signed", assignment, actor=actor, area=AREA)
    return assignment


@transaction.atomic
def end_assignment(*, assignment: PlanAssignment, version: int | None, actor: User, last_on: date) -> PlanAssignment:
    """The person leaves the plan after `last_on`."""
    _require(actor)
    assignment = lock(assignment, version)
    if last_on < assignment.during.lower:
        raise InvalidInput.of(last_on=_("The last day is before the first."))
    advance(assignment, PlanAssignment.Status.ENDED, PlanAssignment.TRANSITIONS)
    assignment.during = DateRange(assignment.during.lower, last_on + timedelta(days=1))
    assignment.save(update_fields=["status", "during", "version", "updated_at"])
    audit.record("plan_assignment.ended", assignment, actor=actor, area=AREA, last_on=last_on)
    return assignment


@transaction.atomic
def start_due_assignments(*, actor: User | None = None) -> int:
    """Signed assignments whose first day has come: the job of every night."""
    due = PlanAssignment.objects.filter(
        status=PlanAssignment.Status.SIGNED, during__startswith__lte=clock.today()
    ).order_by("pk")
    started = 0
    for row in due:
        assignment = lock(row)
        if assignment.status != PlanAssignment.Status.SIGNED:
            continue  # another worker has just started it
        advance(assignment, PlanAssignment.Status.ACTIVE, PlanAssignment.TRANSITIONS)
        assignment.save(update_fields=["status", "version", "updated_at"])
        audit.record("plan_assignment.started", assignment, actor=actor, area=AREA)
        started += 1
    return started


def _move(edition: PlanVersion, target: str, actor: User | None) -> PlanVersion:
    before = edition.status
    advance(edition, target, PlanVersion.TRANSITIONS)
    edition.save(update_fields=["status", "version", "updated_at"])
    audit.record("plan_version.moved", edition, actor=actor, area=AREA, changed={"status": (before, edition.status)})
    return edition
