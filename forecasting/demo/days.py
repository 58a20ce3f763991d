"""On people's days: activities that come again, next actions on orders and cases, and channels with accounts."""

from datetime import datetime, timedelta
from random import Random

from accounts import services as accounts
from accounts.models import Account
from forecasting.demo.people import Cast
from forecasting.demo.timeline import Timeline
from opportunities import services as deals
from opportunities.models import Opportunity
from orders import services as billing
from orders.models import Invoice, Order
from postsales import services as care
from postsales.models import SupportCase
from revops.core import clock
from revops.users.models import User

# Who, what, of which kind, at which hour, how long, by which rule.
ROUNDS = (
    ("alice", "Go through the pipeline with Bob", "meeting", 11, 30, "FREQ=WEEKLY"),
    ("charlie", "Go through the pipeline with Clara", "meeting", 11, 30, "FREQ=WEEKLY"),
    ("bob", "Forecast call with Dana", "call", 15, 45, "FREQ=WEEKLY"),
    ("nadia", "Look through the cases that wait", "task", 14, 20, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
)
CHANNELS = (
    ("Own sales", "crm", "bob", 5),
    ("Resellers North", "partner", "clara", 3),
    ("Web shop", "online", "bob", 2),
)
ON_ORDERS = (("call", "Ask whether the delivery suits"), ("task", "Send the dates of the rollout"))
ON_CASES = (("call", "Ring back with what the workshop found"), ("task", "Ask product about a fix"))
LOOKED_AFTER, EACH = 6, 3


def plan_days(cast: Cast, chance: Random, line: Timeline) -> None:
    """As it stands on the last day."""
    with clock.at(_afternoon_before(clock.now())):
        _others(cast)
    for name, subject, kind, hour, minutes, rule in ROUNDS:
        actor = cast.people[name]
        due = clock.now().replace(hour=hour, minute=0)
        accounts.plan_repeated(actor=actor, rule=rule, kind=kind, subject=subject, due_at=due, minutes=minutes)
    _keep_in_touch(cast)
    orders = Order.objects.under_way().select_related("owner").order_by("-pk")[:LOOKED_AFTER]
    cases = SupportCase.objects.exclude(status=SupportCase.Status.CLOSED).filter(owner__isnull=False)
    cases = cases.select_related("owner").order_by("resolved_at", "-pk")
    for number, record in enumerate([*orders, *cases[:LOOKED_AFTER]]):
        kind, subject = (ON_ORDERS if isinstance(record, Order) else ON_CASES)[number % 2]
        due = line.office(clock.now() + timedelta(hours=chance.choice((-20, 3, 6, 28, 52, 75))))
        accounts.plan_on(record=record, actor=record.owner, kind=kind, subject=subject, due_at=due)
    _route(cast, chance)


def _afternoon_before(end: datetime) -> datetime:
    """Of the last working day."""
    day = end - timedelta(days=1)
    return (day - timedelta(days=max(0, day.weekday() - 4))).replace(hour=15, minute=20)


def _others(cast: Cast) -> None:
    """What colleagues did to the records of sellers, so that these find it in the morning."""
    nadia = cast.people["nadia"]
    for seller, lead in (("alice", "bob"), ("ben", "bob"), ("charlie", "clara"), ("elif", "clara")):
        owner, manager = cast.people[seller], cast.people[lead]
        rows = Opportunity.objects.open().filter(owner=owner, archived_at__isnull=True, amount__isnull=False)
        for number, deal in enumerate(rows.filter(close_on__gte=clock.today()).order_by("close_on", "pk")[:2]):
            assert deal.amount is not None and deal.close_on is not None
            changes = {"amount": deal.amount + 2_400} if number else {"close_on": deal.close_on + timedelta(days=21)}
            deals.update_opportunity(opportunity=deal, version=None, actor=manager, **changes)
        account = Account.objects.filter(owner=owner, archived_at__isnull=True).order_by("pk").first()
        if account is not None:
            subject = "Gateways in depot 2 are offline"
            case = care.open_case(actor=nadia, account=account, subject=subject, owner=nadia)
            care.set_priority(case=case, priority="P2", actor=nadia)
        _pay(cast, owner)


def _pay(cast: Cast, owner: User) -> None:
    """An open invoice of a seller's customers comes in."""
    erin = cast.people["erin"]
    bill = (
        Invoice.objects.unpaid().filter(order__owner=owner).select_related("account").order_by("due_on", "pk").first()
    )
    if bill is not None:
        paid = billing.receive_payment(
            actor=erin, account=bill.account, amount=bill.open_amount, currency=bill.currency,
            reference=f"SEPA {bill.number}",
        )  # fmt: skip
        billing.allocate_payment(payment=paid, invoice=bill, amount=None, version=None, actor=erin)


def _keep_in_touch(cast: Cast) -> None:
    """A call every other week on somebody's largest open deal."""
    for name in ("alice", "ben"):
        actor = cast.people[name]
        rows = Opportunity.objects.open().filter(owner=actor, archived_at__isnull=True, amount__isnull=False)
        deal = rows.order_by("-amount", "pk").first()
        if deal is not None:
            call = accounts.plan_on(
                record=deal, actor=actor, kind="call", subject="How is the pilot going?", minutes=15,
                due_at=clock.now() + timedelta(days=2, hours=1),
            )  # fmt: skip
            accounts.repeat_activity(activity=call, version=None, rule="FREQ=WEEKLY;INTERVAL=2", actor=actor)


def _route(cast: Cast, chance: Random) -> None:
    """Each account reaches us by one of the channels."""
    made = [
        accounts.create_channel(actor=None, name=name, kind=kind, owner=cast.people[keeper])
        for name, kind, keeper, _weight in CHANNELS
    ]
    weights = [weight for *_rest, weight in CHANNELS]
    for account in Account.objects.filter(archived_at__isnull=True).select_related("owner").order_by("pk"):
        if chance.random() < EACH / 4:
            channel = chance.choices(made, weights)[0]
            accounts.update_account(account=account, version=None, actor=account.owner, channel=channel)
