"""Somebody leaves: what they hold goes to others, then the account is closed. Nothing of the past is rewritten."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core import audit, clock, jobs
from revops.core.errors import FieldError, IllegalState, InvalidInput
from revops.core.models import JobRun
from revops.core.registries import hand_over
from revops.core.status import edit, lock
from revops.users.holders import nobody_assigns_to
from revops.users.models import ApiToken, OffboardingRun, User
from revops.users.selectors.holdings import holdings_of, open_counts
from revops.users.services._rights import may_change
from revops.users.services.mails import forget_notices
from revops.users.services.notices import notify

KIND = "users.offboard"


@transaction.atomic
def start_offboarding(
    *, user: User, to: User | None, others: Mapping[str, User] | None = None, version: int | None = None, actor: User
) -> OffboardingRun:
    """Hand everything over and deactivate, as a job: to `to`, and kinds that `others` names to somebody else."""
    may_change(actor, user)
    user = lock(user, version)
    _refuse(user, actor)
    open_runs = OffboardingRun.objects.filter(user=user, finished_at__isnull=True)
    open_runs.exclude(job__state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING]).update(finished_at=clock.now())
    if open_runs.exists():
        raise IllegalState("offboarding_runs", _("This person's records are being handed over already."))
    held = [one for one in holdings_of(user) if one.count]
    plan = {one.holding.key: (others or {}).get(one.holding.key) or to for one in held}
    unknown = sorted(set(others or {}) - set(hand_over.keys()))
    if unknown:
        raise InvalidInput.of(**{f"others.{unknown[0]}": _("There is no such kind of record.")})
    for one in held:
        _check_heir(one.holding.key, plan[one.holding.key], user, needed=one.holding.blocks)
    run = OffboardingRun.objects.create(
        user=user, started_by=actor, plan={key: heir.pk for key, heir in plan.items() if heir is not None}
    )
    if to is not None:
        _check_heir("to", to, user, needed=False)
        run.plan["*"] = to.pk
    params = {"run": run.pk, "title": _("Hand over the records of %(name)s") % {"name": user}}
    run.job = jobs.start(kind=KIND, actor=actor, total=sum(one.count for one in held), params=params)
    run.save(update_fields=["job", "plan", "updated_at"])
    audit.record("user.offboarding_started", user, actor=actor, held={one.holding.key: one.count for one in held})
    return run


def _check_heir(key: str, heir: User | None, user: User, *, needed: bool) -> None:
    if heir is None:
        if needed:
            raise InvalidInput.of(**{key: _("Say who takes these.")})
        return
    if heir.pk == user.pk or not (heir.is_active and heir.can_sign_in):
        raise InvalidInput.of(**{key: _("%(name)s cannot take these.") % {"name": heir}})


@transaction.atomic
def step_offboarding(*, job: JobRun) -> bool:
    """One chunk of one kind; at the end the farewell itself. What came in meanwhile is handed over, too."""
    run = OffboardingRun.objects.select_for_update(of=("self",)).select_related("user").get(pk=job.params["run"])
    if run.finished_at is not None:
        return False
    for holding in hand_over.all():
        heir = run.plan.get(holding.key) or run.plan.get("*")
        moved = holding.run(user=run.user, to=User.objects.get(pk=heir), actor=job.created_by) if heir else 0
        if moved:
            run.moved[holding.key] = run.moved.get(holding.key, 0) + moved
            run.save(update_fields=["moved", "updated_at"])
            job.done, job.counts = sum(run.moved.values()), run.moved
            return True
    deactivate_user(user=run.user, actor=job.created_by)
    run.finished_at = clock.now()
    run.save(update_fields=["finished_at", "updated_at"])
    job.result = {"url": reverse("offboarding", args=[run.user_id])}
    _tell(run, job.created_by)
    return False


@transaction.atomic
def cancel_offboarding(*, job: JobRun) -> None:
    """Stop: what was handed over stays where it is, the person stays with us."""
    OffboardingRun.objects.filter(pk=job.params["run"]).update(finished_at=clock.now())


def _tell(run: OffboardingRun, actor: Any) -> None:
    """Each new holder hears once what is theirs now."""
    labels = {one.key: one.label for one in hand_over.all()}
    heirs: dict[int, list[str]] = {}
    for key, count in run.moved.items():
        heirs.setdefault(run.plan.get(key) or run.plan["*"], []).append(f"{labels[key]}: {count}")
    for heir in User.objects.filter(pk__in=heirs):
        notify(
            to=heir,
            kind="offboarding.received",
            title=format_lazy(gettext_lazy("What {name} held is yours now"), name=str(run.user)),
            body=", ".join(heirs[heir.pk]),
            url="/",
            actor=actor,
            key=f"offboarding:{run.pk}",
        )


@transaction.atomic
def deactivate_user(*, user: User, to: User | None = None, version: int | None = None, actor: User | None) -> User:
    """Let a person go: sessions, tokens and mails end. Refused while they hold anything open; `to` takes it first."""
    may_change(actor, user)
    # First this lock, then the row: an assignment takes them in the same order.
    nobody_assigns_to(user.pk)
    user = lock(user, version)
    _refuse(user, actor)
    if to is not None:
        _check_heir("to", to, user, needed=True)
        for holding in hand_over.all():
            holding.hand(user=user, to=to, actor=actor)
    counts = open_counts(user)
    if counts:
        raise _still_holds(user, counts)
    changed = edit(user, {"is_active": False})
    ApiToken.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=user.updated_at)
    forget_notices(user=user, actor=actor)
    audit.record("user.deactivated", user, actor=actor, changed=changed, handed_to=to)
    return user


def _refuse(user: User, actor: User | None) -> None:
    if not user.is_active:
        raise IllegalState("user_inactive", _("This person has left already."))
    if actor is not None and actor.pk == user.pk:
        raise InvalidInput.of(user=_("Nobody can deactivate themselves."))


def _still_holds(user: User, counts: dict[str, int]) -> IllegalState:
    labels = {one.key: str(one.label) for one in hand_over.all()}
    listed = ", ".join(f"{labels[key]}: {count}" for key, count in counts.items())
    error = IllegalState(
        "holds_open_records",
        _("%(name)s still holds open records (%(list)s). Hand them over first.") % {"name": user, "list": listed},
        facts={"held": counts},
    )
    error.errors = [FieldError(key, "held", f"{labels[key]}: {count}") for key, count in counts.items()]
    return error
