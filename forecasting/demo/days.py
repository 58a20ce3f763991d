"""On people's days: activities that come again, next actions on orders and cases, and channels with accounts."""

from datetime import timedelta
from random import Random

from accounts import services as accounts
from accounts.models import Account
from forecasting.demo.people import Cast
from forecasting.demo.timeline import Timeline
from opportunities.models import Opportunity
from orders.models import Order
from postsales.models import SupportCase
from revops.core import clock

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
    for name, subject, kind, hour, minutes, rule in ROUNDS:
        actor = cast.people[name]
        due = clock.now().replace(hour=hour, minute=0)
        accounts.plan_repeated(actor=actor, rule=rule, kind=kind, subject=subject, due_at=due, minutes=minutes)
    _keep_in_touch(cast)
    orders = Order.objects.under_way().select_related("owner").order_by("-pk")[:LOOKED_AFTER]
    cases = SupportCase.objects.unsolved().filter(owner__isnull=False).select_related("owner").order_by("-pk")
    for number, record in enumerate([*orders, *cases[:LOOKED_AFTER]]):
        kind, subject = (ON_ORDERS if isinstance(record, Order) else ON_CASES)[number % 2]
        due = line.office(clock.now() + timedelta(hours=chance.choice((-20, 3, 6, 28, 52, 75))))
        accounts.plan_on(record=record, actor=record.owner, kind=kind, subject=subject, due_at=due)
    _route(cast, chance)


def _keep_in_touch(cast: Cast) -> None:
    """A call every other week on somebody's largest open deal."""
    for name in ("alice", "ben"):
        actor = cast.people[name]
        deals = Opportunity.objects.open().filter(owner=actor, archived_at__isnull=True, amount__isnull=False)
        deal = deals.order_by("-amount", "pk").first()
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
