"""Who is told of approvals, in the transaction in which they are asked for and given."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from opportunities.models import ApprovalRequest, ApprovalStep, Quote
from revops.core.money import Money
from revops.users.models import User
from revops.users.services import notify


def your_turn(request: ApprovalRequest, *, actor: User) -> None:
    """Whoever decides next: the named person, or all who hold the role, never who submitted."""
    step = request.steps.filter(status=ApprovalStep.Status.WAITING).order_by("position").first()
    if step is None:
        return
    people = [step.approver] if step.approver else list(User.objects.working().filter(groups__name=step.role))
    quote = request.quote
    notify(
        to=[person for person in people if person.pk != request.submitted_by_id],
        kind="approval.waiting",
        title=format_lazy(
            _("{number} over {amount} waits for your approval"),
            number=quote.number,
            amount=Money(quote.net, quote.currency).format(),
        ),
        body=format_lazy(_("{rule}, submitted by {name}"), rule=request.rule.name, name=str(request.submitted_by)),
        url=quote.get_absolute_url(),
        actor=actor,
        about=quote,
        key=f"approval:{request.pk}:{step.position}",
    )


def decided(request: ApprovalRequest, quote: Quote, *, actor: User, note: str = "") -> None:
    """Who submitted, and the deal's owner, hear of the last yes or of a no."""
    words = {"name": str(actor), "number": quote.number}
    approved = request.status == ApprovalRequest.Status.APPROVED
    title = _("{number} is approved") if approved else _("{name} sent {number} back")
    notify(
        to=[request.submitted_by, quote.opportunity.owner],
        kind="approval.decided",
        title=format_lazy(title, **words),
        body=note,
        url=quote.get_absolute_url(),
        actor=actor,
        about=quote,
        key=f"approval:{request.pk}:{request.status}",
    )
