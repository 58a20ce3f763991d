"""The administrator's part: pipelines, their stages, and the reasons for which deals are lost."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from opportunities.models import LossReason, Opportunity, Pipeline, Stage
from opportunities.services._fields import LABELS
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users.models import User

STAGE_FIELDS = ("key", "label", "position", "kind", "probability", "category", "requires", "quiet_days")
REQUIRABLE = ("account", "amount", "close_on", "contact", "product", "source")


@transaction.atomic
def create_pipeline(*, actor: User, name: str, is_default: bool = False) -> Pipeline:
    """A pipeline without stages; the default one takes new deals."""
    require(actor, "opportunities.add_pipeline")
    pipeline = Pipeline(name=name.strip())
    _clean(pipeline)
    pipeline.save(force_insert=True)
    audit.record("pipeline.created", pipeline, actor=actor)
    return update_pipeline(pipeline=pipeline, version=None, actor=actor, is_default=True) if is_default else pipeline


@transaction.atomic
def update_pipeline(*, pipeline: Pipeline, version: int | None, actor: User, **changes: Any) -> Pipeline:
    """Rename it, or make it the default: the former default steps back."""
    require(actor, "opportunities.change_pipeline")
    pipeline = lock(pipeline, version)
    if changes.get("is_default") is False and pipeline.is_default:
        raise IllegalState("needs_default", _("Make another pipeline the default instead."))
    if changes.get("is_default") and not pipeline.is_default:
        for other in Pipeline.objects.select_for_update().filter(is_default=True):
            edit(other, {"is_default": False})
    changed = edit(pipeline, {name: changes[name] for name in ("name", "is_default") if name in changes})
    if changed:
        audit.record("pipeline.changed", pipeline, actor=actor, changed=changed)
    return pipeline


@transaction.atomic
def create_stage(*, pipeline: Pipeline, actor: User, **values: Any) -> Stage:
    """A further step of a pipeline."""
    require(actor, "opportunities.add_stage")
    stage = Stage(pipeline=lock(pipeline), **{name: values[name] for name in STAGE_FIELDS if name in values})
    _check(stage)
    stage.save(force_insert=True)
    audit.record("stage.created", stage, actor=actor, probability=stage.probability)
    return stage


@transaction.atomic
def update_stage(*, stage: Stage, version: int | None, actor: User, **changes: Any) -> Stage:
    """Change a step. Its open deals follow at once, except a forecast category that somebody set by hand."""
    require(actor, "opportunities.change_stage")
    lock(stage.pipeline)
    stage = lock(stage, version)
    wanted = {name: changes[name] for name in STAGE_FIELDS if name in changes}
    trial = Stage(**{"pipeline": stage.pipeline, **{n: getattr(stage, n) for n in STAGE_FIELDS}, **wanted})
    trial.pk, trial._state.adding = stage.pk, False
    _check(trial)
    if trial.kind != stage.kind and stage.opportunities.exists():
        raise IllegalState("stage_in_use", _("Deals stand in this stage: it stays %(kind)s.") % {"kind": stage.kind})
    changed = edit(stage, wanted)
    if changed:
        _deals_follow(stage, changed)
        audit.record("stage.changed", stage, actor=actor, changed=changed)
    return stage


def _deals_follow(stage: Stage, changed: dict[str, Any]) -> None:
    deals = Opportunity.objects.filter(stage=stage, status=Opportunity.Status.OPEN)
    raised = {"version": F("version") + 1, "updated_at": clock.now()}
    if "probability" in changed:
        deals.update(probability=stage.probability, **raised)
    if "category" in changed:
        deals.filter(category_overridden=False).update(category=stage.category, **raised)


def _check(stage: Stage) -> None:
    _clean(stage)
    wrong = [name for name in stage.requires if name not in REQUIRABLE]
    if wrong:
        known = ", ".join(f"{name} ({LABELS[name]})" for name in REQUIRABLE)
        raise InvalidInput.of(requires=_("“%(name)s” is none of: %(known)s.") % {"name": wrong[0], "known": known})
    fixed = {Stage.Kind.WON: 100, Stage.Kind.LOST: 0}.get(Stage.Kind(stage.kind))
    if fixed is not None and Decimal(stage.probability) != fixed:
        raise InvalidInput.of(probability=_("Won is 100 %, lost is 0 %."))


def _clean(record: Any) -> None:
    try:
        record.full_clean()
    except ValidationError as error:
        raise InvalidInput.of(
            **{name.replace("__all__", "name"): str(texts[0]) for name, texts in error.message_dict.items()}
        )


@transaction.atomic
def create_loss_reason(*, actor: User, label: str, is_active: bool = True) -> LossReason:
    """A further reason."""
    require(actor, "opportunities.add_lossreason")
    reason = LossReason(label=label.strip(), is_active=is_active)
    _clean(reason)
    reason.save(force_insert=True)
    audit.record("loss_reason.created", reason, actor=actor)
    return reason


@transaction.atomic
def update_loss_reason(*, reason: LossReason, version: int | None, actor: User, **changes: Any) -> LossReason:
    """Rename a reason, or take it out of use; deals that were lost for it keep it."""
    require(actor, "opportunities.change_lossreason")
    reason = lock(reason, version)
    before = reason.label
    reason.label = changes.get("label", before).strip()
    _clean(reason)
    reason.label = before
    changed = edit(reason, {name: changes[name] for name in ("label", "is_active") if name in changes})
    if changed:
        audit.record("loss_reason.changed", reason, actor=actor, changed=changed)
    return reason
