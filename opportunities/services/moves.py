"""How a deal moves: one door for the board, the form, the API, bulk actions and accepted quotes."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import services as accounts_services
from opportunities.events import OpportunityMoved
from opportunities.models import Category, Opportunity, Quote, Stage, StageHistory
from opportunities.selectors.entry import closing_needs
from opportunities.services import _credit, _fields
from opportunities.services._kept import lock_kept
from opportunities.services.opportunities import change_fields
from revops.core import audit, clock, outbox
from revops.core.errors import IllegalState, InvalidInput
from revops.core.registries import guards, steps_for
from revops.core.scope import require
from revops.core.status import advance, lock
from revops.users.models import User

STATUS_OF = {
    Stage.Kind.OPEN: Opportunity.Status.OPEN,
    Stage.Kind.WON: Opportunity.Status.WON,
    Stage.Kind.LOST: Opportunity.Status.LOST,
}
OVERRIDES = (Category.PIPELINE, Category.BEST_CASE, Category.COMMIT)
FIXED = (Category.CLOSED, Category.OMITTED)  # always as the stage says
REOPENS_IN = "negotiate"


@transaction.atomic
def move_opportunity(
    *, opportunity: Opportunity, stage: Stage | str, version: int | None, actor: User, **fields: Any
) -> Opportunity:
    """Move an open deal to another stage, filling `fields` on the way. Raises MissingFields."""
    require(actor, "opportunities.change_opportunity", _("Your role does not move opportunities."))
    opportunity = lock_kept(opportunity, version)
    target = _fields.stage_of(opportunity.pipeline_id, stage)
    _refuse_move(opportunity, target)
    _fields.refuse_unknown(fields, (*_fields.EDITABLE, *_fields.CLOSING))
    changed = change_fields(
        opportunity=opportunity, changes={k: v for k, v in fields.items() if k not in _fields.CLOSING}, actor=actor
    )
    closing = {name: value for name, value in fields.items() if name in _fields.CLOSING}
    for name, value in _fields.tidied(closing).items():
        setattr(opportunity, name, value)
    _fields.check(opportunity, closing)
    _fields.require_entry(opportunity, target, also=closing_needs(opportunity, target))
    _enter(opportunity, target, actor)
    audit.record(
        f"opportunity.{_verb(target)}",
        opportunity,
        actor=actor,
        changed=changed,
        stage=target.key,
        **_closing_facts(opportunity),
    )
    return opportunity


def _refuse_move(opportunity: Opportunity, target: Stage) -> None:
    if opportunity.status != Opportunity.Status.OPEN:
        raise IllegalState(
            "closed",
            _("This opportunity is %(status)s. Reopen it to move it.")
            % {"status": opportunity.get_status_display().lower()},
        )
    if opportunity.stage_id == target.pk:
        raise IllegalState("already_there", _("It stands in %(stage)s already.") % {"stage": target.label})


def _verb(target: Stage) -> str:
    return {Stage.Kind.OPEN: "moved", Stage.Kind.WON: "won", Stage.Kind.LOST: "lost"}[Stage.Kind(target.kind)]


def _closing_facts(opportunity: Opportunity) -> dict[str, Any]:
    return {name: getattr(opportunity, name) for name in _fields.CLOSING if getattr(opportunity, name)}


def _enter(opportunity: Opportunity, target: Stage, actor: User | None) -> None:
    """Stage, status, probability and category change together, with their history row and their event."""
    now, source = clock.now(), opportunity.stage
    status = STATUS_OF[Stage.Kind(target.kind)]
    if status != opportunity.status:
        advance(opportunity, status, Opportunity.TRANSITIONS)
    else:
        opportunity.version += 1
    StageHistory.objects.create(
        opportunity=opportunity,
        from_stage=source,
        to_stage=target,
        at=now,
        by=actor,
        seconds_in_stage=max(0, int((now - opportunity.stage_entered_at).total_seconds())),
    )
    opportunity.stage, opportunity.stage_entered_at = target, now
    opportunity.probability = target.probability
    opportunity.closed_on = None if status == Opportunity.Status.OPEN else clock.today()
    if status != Opportunity.Status.OPEN or target.category in FIXED:
        opportunity.category_overridden = False
    if not opportunity.category_overridden:
        opportunity.category = target.category
    opportunity.save(
        update_fields=[
            "stage", "stage_entered_at", "status", "probability", "category", "category_overridden", "closed_on",
            "loss_reason", "won_reason", "amount", "currency", "version", "updated_at",
        ]
    )  # fmt: skip
    if status != Opportunity.Status.OPEN:
        # Who lost a deal does not call any more; after a win what is planned may well be the kick-off.
        won = status == Opportunity.Status.WON
        accounts_services.wind_down(record=opportunity, actor=actor, keep=won, reason=_("The deal is closed."))
    outbox.publish(OpportunityMoved(opportunity_id=opportunity.pk, from_stage=source.key, to_stage=target.key))


@transaction.atomic
def win_by_quote(*, opportunity: Opportunity, quote: Quote, actor: User | None) -> Opportunity:
    """An accepted quote wins its deal from any open stage, at the quote's net. A deal won by hand stays won."""
    opportunity = lock(opportunity)
    if opportunity.status == Opportunity.Status.LOST:
        raise IllegalState("lost", _("This opportunity is lost. Reopen it before a quote of it is accepted."))
    opportunity.amount, opportunity.currency = quote.net, quote.currency
    if opportunity.status == Opportunity.Status.WON:
        opportunity.version += 1
        opportunity.save(update_fields=["amount", "currency", "version", "updated_at"])
    else:
        won = Stage.objects.filter(pipeline_id=opportunity.pipeline_id, kind=Stage.Kind.WON).order_by("position")[0]
        _fields.require_entry(opportunity, won, also=("account",), own_only=True)
        _enter(opportunity, won, actor)
    _credit.spread(opportunity)
    audit.record("opportunity.won", opportunity, actor=actor, quote=quote.number, amount=quote.net)
    return opportunity


@transaction.atomic
def reopen_opportunity(*, opportunity: Opportunity, version: int | None, actor: User, reason: str = "") -> Opportunity:
    """Bring a closed deal back to negotiation. Guards (an order was booked) may refuse."""
    require(actor, "opportunities.change_opportunity")
    opportunity = lock_kept(opportunity, version)
    if opportunity.status == Opportunity.Status.OPEN:
        raise IllegalState("already_open", _("This opportunity is open."))
    for guard in steps_for(guards, "opportunities.reopen"):
        guard.run(opportunity=opportunity, actor=actor)
    was = {"status": opportunity.status, "closed_on": opportunity.closed_on, **_closing_facts(opportunity)}
    opportunity.loss_reason, opportunity.won_reason = None, ""
    open_stages = Stage.objects.filter(pipeline_id=opportunity.pipeline_id, kind=Stage.Kind.OPEN)
    target = open_stages.filter(key=REOPENS_IN).first() or open_stages.order_by("-position")[0]
    _enter(opportunity, target, actor)
    audit.record("opportunity.reopened", opportunity, actor=actor, was=was, reason=reason.strip()[:400])
    return opportunity


@transaction.atomic
def set_category(*, opportunity: Opportunity, category: str | None, version: int | None, actor: User) -> Opportunity:
    """Override the forecast category, or (None) follow the stage. Closed and omitted are never overridden."""
    require(actor, "opportunities.change_opportunity")
    opportunity = lock_kept(opportunity, version)
    stands = opportunity.stage.category
    if opportunity.status != Opportunity.Status.OPEN or stands in FIXED:
        raise IllegalState("category_fixed", _("The category of a closed or omitted deal follows its stage."))
    if category is not None and category not in OVERRIDES:
        raise InvalidInput.of(category=_("Choose pipeline, best case or commit."))
    before = (opportunity.category, opportunity.category_overridden)
    after = (category or stands, category is not None)
    if before != after:
        opportunity.category, opportunity.category_overridden = after
        opportunity.version += 1
        opportunity.save(update_fields=["category", "category_overridden", "version", "updated_at"])
        audit.record(
            "opportunity.category_set",
            opportunity,
            actor=actor,
            changed={"category": (before[0], after[0]), "category_overridden": (before[1], after[1])},
        )
    return opportunity
