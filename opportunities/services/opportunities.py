"""Making and editing an opportunity."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from accounts.validation import refuse_guests
from leads.models import Lead
from opportunities.events import OpportunityMoved
from opportunities.models import Opportunity, OpportunitySplit, Pipeline, Stage, StageHistory
from opportunities.services import _credit, _fields
from opportunities.services._kept import lock_kept
from revops.core import audit, clock, merging, outbox
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit
from revops.users.models import User


@transaction.atomic
def create_opportunity(
    *,
    actor: User | None,
    name: str,
    owner: User | None = None,
    account: Account | None = None,
    amount: Decimal | None = None,
    currency: str = "USD",
    close_on: date | None = None,
    stage: Stage | str | None = None,
    pipeline: Pipeline | None = None,
    reference: tuple[str, str] = ("", ""),
    **fields: Any,
) -> Opportunity:
    """Open a deal: its owner has the whole credit, and its first stage is the first history row.

    `fields`: contact, kind, product, source. `stage` is a stage or a key, default the pipeline's first.
    `reference` is the deal's (system, id) elsewhere.
    """
    if actor is not None:
        require(actor, "opportunities.add_opportunity", _("Your role does not open opportunities."))
    values = {"account": account, "amount": amount, "currency": currency, "close_on": close_on, **fields}
    return open_deal(
        actor=actor,
        owner=owner or actor,
        name=name,
        stage=stage,
        pipeline=pipeline,
        lead=None,
        values=values,
        reference=reference,
    )


@transaction.atomic
def open_deal(
    *,
    actor: User | None,
    owner: User | None,
    name: str,
    values: Mapping[str, Any],
    stage: Stage | str | None = None,
    pipeline: Pipeline | None = None,
    lead: Lead | None = None,
    reference: tuple[str, str] = ("", ""),
) -> Opportunity:
    """The core of create_opportunity and of accepting a handoff, which differ in who may do it."""
    if owner is None:
        raise InvalidInput.of(owner=_("An opportunity has an owner."))
    refuse_guests(owner=owner)
    _fields.refuse_unknown(values, _fields.EDITABLE)
    pipeline = pipeline or _fields.default_pipeline()
    first = _opening_stage(pipeline, stage)
    given = values.get("custom")
    opportunity = Opportunity(
        **{**_fields.tidied(values), "name": name.strip(), "custom": {}},
        owner=owner,
        pipeline=pipeline,
        stage=first,
        lead=lead,
        opened_on=clock.today(),
        probability=first.probability,
        category=first.category,
        stage_entered_at=clock.now(),
        external_system=reference[0],
        external_id=reference[1],
    )
    if opportunity.account_id is None and opportunity.contact is not None:
        opportunity.account = opportunity.contact.account
    merging.hold(opportunity.account, opportunity.contact)
    # What a lead carries over is not asked to be complete: nobody is there to fill it in.
    opportunity.custom = custom_values.for_new(opportunity, given, asked=False)
    _fields.check(opportunity, ("name", *values))
    _fields.require_entry(opportunity, first, own_only=isinstance(given, custom_values.Carried) or actor is None)
    opportunity.save(force_insert=True)
    StageHistory.objects.create(opportunity=opportunity, to_stage=first, at=opportunity.stage_entered_at, by=actor)
    OpportunitySplit.objects.create(
        opportunity=opportunity, user=owner, percent=Decimal(100), amount=opportunity.amount or 0
    )
    audit.record(
        "opportunity.created", opportunity, actor=actor, owner=owner, stage=first.key, amount=opportunity.amount
    )
    outbox.publish(OpportunityMoved(opportunity_id=opportunity.pk, from_stage="", to_stage=first.key))
    return opportunity


def _opening_stage(pipeline: Pipeline, stage: Stage | str | None) -> Stage:
    first = _fields.stage_of(pipeline.pk, stage)
    if first.kind != Stage.Kind.OPEN:
        raise InvalidInput.of(stage=_("A new opportunity starts in an open stage."))
    return first


@transaction.atomic
def update_opportunity(*, opportunity: Opportunity, version: int | None, actor: User, **changes: Any) -> Opportunity:
    """Change fields of a deal. What its stage needs stays filled; a closed deal keeps what it was counted with."""
    require(actor, "opportunities.change_opportunity")
    opportunity = lock_kept(opportunity, version)
    _fields.refuse_unknown(changes, _fields.EDITABLE)
    changed = change_fields(opportunity=opportunity, changes=changes, actor=actor)
    if changed:
        audit.record("opportunity.updated", opportunity, actor=actor, changed=changed)
    return opportunity


@transaction.atomic
def change_fields(
    *, opportunity: Opportunity, changes: Mapping[str, Any], actor: User | None
) -> dict[str, tuple[Any, Any]]:
    """Check and save changes of a locked deal; the sole split follows the owner. Returns what changed."""
    if "custom" in changes:
        changes = {**changes, "custom": custom_values.merged(opportunity, changes["custom"])}
    changes = _real_changes(opportunity, changes)
    if not changes:
        return {}
    _refuse_frozen(opportunity, changes)
    before = {name: getattr(opportunity, name) for name in changes}
    _apply(opportunity, changes)
    _fields.check(opportunity, changes)
    _fields.require_entry(opportunity, opportunity.stage, among=changes)
    _apply(opportunity, before)
    changed = edit(opportunity, changes)
    if "owner" in changed:
        _move_sole_split(opportunity, *changed["owner"])
    if {"amount", "currency"} & set(changed):
        _credit.spread(opportunity)
    return changed


def _real_changes(opportunity: Opportunity, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, with what follows: another account drops the contact, a contact brings its account."""
    real = {name: value for name, value in _fields.tidied(changes).items() if value != getattr(opportunity, name)}
    if "owner" in real and real["owner"] is None:
        raise InvalidInput.of(owner=_("An opportunity has an owner."))
    refuse_guests(owner=real.get("owner"))
    if "account" in real and "contact" not in real and opportunity.contact is not None:
        real["contact"] = None
    contact = real.get("contact")
    if contact is not None and real.get("account", opportunity.account) is None:
        real["account"] = contact.account
    return real


def _apply(opportunity: Opportunity, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(opportunity, name, value)


def _refuse_frozen(opportunity: Opportunity, changes: Mapping[str, Any]) -> None:
    if opportunity.status == Opportunity.Status.OPEN:
        return
    frozen = sorted(_fields.FROZEN_WHEN_CLOSED & set(changes))
    if frozen:
        raise IllegalState(
            "closed",
            _("This opportunity is %(status)s: reopen it to change what it was counted with.")
            % {"status": opportunity.get_status_display().lower()},
            facts={"fields": frozen},
        )


def _move_sole_split(opportunity: Opportunity, old: User, new: User) -> None:
    """Credit that nobody has shared goes with the ownership; an agreed split stays as agreed."""
    revenue = list(opportunity.splits.filter(kind=OpportunitySplit.Kind.REVENUE))
    if len(revenue) == 1 and revenue[0].user_id == old.pk:
        revenue[0].user = new
        revenue[0].save(update_fields=["user", "updated_at"])
