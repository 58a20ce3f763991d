"""The deal desk: submitting a quote, and the yes or no of each approver in turn."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from opportunities.models import ApprovalRequest, ApprovalRule, ApprovalStep, Quote
from opportunities.models.approval import MANAGER
from opportunities.selectors.approvals import Turn, deciding_rule, may_decide, turns_of
from opportunities.selectors.pricing import check_sellable
from opportunities.services import _quote_rows, _telling
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput, MissingFields, NotAllowed
from revops.core.money import currencies, money
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users import roles
from revops.users.models import User

STATUS, REQUEST, STEP = Quote.Status, ApprovalRequest.Status, ApprovalStep.Status
RULE_FIELDS = frozenset({"name", "priority", "min_amount", "currency", "margin_below", "approvers", "is_active"})


@transaction.atomic
def submit_quote(*, quote: Quote, version: int | None, actor: User) -> Quote:
    """Ask for the approvals that the first rule that fires demands; without one the quote is approved at once."""
    require(actor, "opportunities.change_quote", _("Your role does not submit quotes."))
    quote = lock(quote, version)
    lines = list(quote.lines.select_related("product"))
    today = clock.today()
    if quote.status == STATUS.DRAFT:
        if not lines:
            raise MissingFields(_("A quote needs at least one line."), ["lines"])
        _quote_rows.refuse_past(quote)
        check_sellable([line.product for line in lines], today)
    rule = deciding_rule(net=quote.net, cost=quote.cost, currency=quote.currency, on=today)
    quote.submitted_by = actor
    if rule is None:
        _approve(quote)
    else:
        advance(quote, STATUS.IN_APPROVAL, Quote.TRANSITIONS)
    quote.save(update_fields=["status", "submitted_by", "approved_at", "version", "updated_at"])
    if rule is not None:
        turns = turns_of(rule, owner=quote.opportunity.owner, submitter=actor, on=today)
        _ask(quote, rule, turns, actor)
    audit.record("quote.submitted", quote, actor=actor, rule=rule, net=quote.net, cost=quote.cost)
    return quote


def _approve(quote: Quote) -> None:
    advance(quote, STATUS.APPROVED, Quote.TRANSITIONS)
    quote.approved_at = clock.now()


def _ask(quote: Quote, rule: ApprovalRule, turns: list[Turn], actor: User) -> None:
    """One request with its steps and the values that were tested."""
    request = ApprovalRequest.objects.create(
        quote=quote,
        rule=rule,
        submitted_by=actor,
        snapshot=audit.plain(
            {
                "net": quote.net,
                "cost": quote.cost,
                "currency": quote.currency,
                "discount": quote.discount,
                "rule": {name: getattr(rule, name) for name in ("name", "min_amount", "currency", "margin_below")},
            }
        ),
    )
    ApprovalStep.objects.bulk_create(
        ApprovalStep(request=request, position=position, role=turn.role, approver=turn.approver, submitted_by=actor)
        for position, turn in enumerate(turns, start=1)
    )
    _telling.your_turn(request, actor=actor)


@transaction.atomic
def approve_quote_step(*, approval: ApprovalRequest, version: int | None, actor: User, note: str = "") -> Quote:
    """Yes, from whose turn it is. The last yes approves the quote."""
    quote, approval, step = _turn(approval, version, actor)
    _decide(step, STEP.APPROVED, actor, note)
    if approval.steps.filter(status=STEP.WAITING).exists():
        approval.version += 1 if approval.status == REQUEST.IN_REVIEW else 0
        _into_review(approval)
    else:
        _into_review(approval)
        advance(approval, REQUEST.APPROVED, ApprovalRequest.TRANSITIONS)
        _approve(quote)
        quote.save(update_fields=["status", "approved_at", "version", "updated_at"])
    approval.save(update_fields=["status", "version", "updated_at"])
    if approval.status == REQUEST.APPROVED:
        _telling.decided(approval, quote, actor=actor, note=step.note)
    else:
        _telling.your_turn(approval, actor=actor)
    audit.record("quote.step_approved", quote, actor=actor, role=step.role, position=step.position, note=step.note)
    return quote


@transaction.atomic
def reject_quote_step(*, approval: ApprovalRequest, version: int | None, actor: User, note: str) -> Quote:
    """No, and why: the quote is a draft again."""
    quote, approval, step = _turn(approval, version, actor)
    if not note.strip():
        raise InvalidInput.of(note=_("Say what would have to change."))
    _decide(step, STEP.REJECTED, actor, note)
    _into_review(approval)
    advance(approval, REQUEST.REJECTED, ApprovalRequest.TRANSITIONS)
    approval.save(update_fields=["status", "version", "updated_at"])
    advance(quote, STATUS.DRAFT, Quote.TRANSITIONS)
    quote.save(update_fields=["status", "version", "updated_at"])
    _telling.decided(approval, quote, actor=actor, note=step.note)
    audit.record("quote.step_rejected", quote, actor=actor, role=step.role, position=step.position, note=step.note)
    return quote


def _turn(approval: ApprovalRequest, version: int | None, actor: User) -> tuple[Quote, ApprovalRequest, ApprovalStep]:
    """The locked quote, request and step of this turn; refuses whoever's turn it is not."""
    quote = lock(approval.quote)
    approval = lock(approval, version)
    if approval.status not in (REQUEST.SUBMITTED, REQUEST.IN_REVIEW):
        state = approval.get_status_display().lower()
        raise IllegalState("decided", _("This request is %(state)s.") % {"state": state})
    step = lock(approval.steps.filter(status=STEP.WAITING).order_by("position")[0])
    if step.submitted_by_id == actor.pk:
        raise NotAllowed(_("Whoever submitted a quote does not approve it."), code="own_quote")
    if not may_decide(step, actor):
        raise NotAllowed(_("It is not your turn to decide."), code="not_your_turn")
    return quote, approval, step


def _decide(step: ApprovalStep, status: str, actor: User, note: str) -> None:
    advance(step, status, ApprovalStep.TRANSITIONS)
    step.decided_by, step.decided_at, step.note = actor, clock.now(), note.strip()[:400]
    step.save(update_fields=["status", "decided_by", "decided_at", "note", "version", "updated_at"])


def _into_review(approval: ApprovalRequest) -> None:
    if approval.status == REQUEST.SUBMITTED:
        advance(approval, REQUEST.IN_REVIEW, ApprovalRequest.TRANSITIONS)


@transaction.atomic
def recall_quote(*, quote: Quote, version: int | None, actor: User) -> Quote:
    """Take a submission back; the quote is a draft again."""
    require(actor, "opportunities.change_quote")
    quote = lock(quote, version)
    if quote.status != STATUS.IN_APPROVAL:
        raise IllegalState("not_submitted", _("Only a quote that waits for approval is recalled."))
    void_approvals(quote=quote, actor=actor)
    quote.save(update_fields=["status", "approved_at", "version", "updated_at"])
    audit.record("quote.recalled", quote, actor=actor)
    return quote


@transaction.atomic
def void_approvals(*, quote: Quote, actor: User) -> None:
    """A locked quote is a draft again: open requests are recalled, given approvals count no more. The caller saves."""
    advance(quote, STATUS.DRAFT, Quote.TRANSITIONS)
    quote.approved_at = None
    for row in ApprovalRequest.objects.open().filter(quote=quote):
        approval = lock(row)
        advance(approval, REQUEST.RECALLED, ApprovalRequest.TRANSITIONS)
        approval.save(update_fields=["status", "version", "updated_at"])
        audit.record("approval.recalled", approval, actor=actor, quote=quote)


@transaction.atomic
def create_approval_rule(*, actor: User, **fields: Any) -> ApprovalRule:
    """A new limit, obeyed by the next quote that is submitted."""
    require(actor, "opportunities.add_approvalrule", _("Your role does not set approval rules."))
    _refuse_unknown(fields)
    rule = ApprovalRule(**fields)
    _check_rule(rule)
    rule.save(force_insert=True)
    audit.record("approval_rule.created", rule, actor=actor, **{name: getattr(rule, name) for name in RULE_FIELDS})
    return rule


@transaction.atomic
def update_approval_rule(*, rule: ApprovalRule, version: int | None, actor: User, **changes: Any) -> ApprovalRule:
    """Change a limit; requests that were made under the old one keep it."""
    require(actor, "opportunities.change_approvalrule", _("Your role does not set approval rules."))
    rule = lock(rule, version)
    _refuse_unknown(changes)
    before = {name: getattr(rule, name) for name in changes}
    for name, value in changes.items():
        setattr(rule, name, value)
    _check_rule(rule)
    for name, value in before.items():
        setattr(rule, name, value)
    changed = edit(rule, changes)
    if changed:
        audit.record("approval_rule.updated", rule, actor=actor, changed=changed)
    return rule


def _refuse_unknown(fields: dict[str, Any]) -> None:
    unknown = sorted(set(fields) - RULE_FIELDS)
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("A rule has no such field to set.")})


def _check_rule(rule: ApprovalRule) -> None:
    if not rule.name.strip() or len(rule.name) > 120:
        raise InvalidInput.of(name=_("A name of at most 120 characters."))
    if rule.currency not in currencies():
        raise InvalidInput.of(currency=_("“%(code)s” is not a currency.") % {"code": str(rule.currency)[:10]})
    if rule.min_amount is None and rule.margin_below is None:
        raise InvalidInput.of(min_amount=_("Set an amount, a margin, or both."))
    amount = rule.min_amount
    if amount is not None and (amount < 0 or amount != money(amount, rule.currency)):
        raise InvalidInput.of(min_amount=_("An amount of 0 or more in whole coins."))
    if rule.margin_below is not None and not -100 <= rule.margin_below <= 100:
        raise InvalidInput.of(margin_below=_("A percentage from −100 to 100."))
    unknown = [name for name in rule.approvers if name != MANAGER and name not in roles.ROLES]
    if unknown or not rule.approvers:
        known = ", ".join((MANAGER, *roles.ROLES))
        raise InvalidInput.of(approvers=_("One or more of: %(known)s.") % {"known": known})
