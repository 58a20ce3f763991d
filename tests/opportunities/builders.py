"""Deals for tests, through the services; so no test starts where the product cannot get."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from accounts import services as accounts
from accounts.models import Account
from opportunities import services
from opportunities.models import LossReason, Opportunity
from opportunities.setup import ensure_pipeline
from revops.users.models import User

_serial = count(1)


def make_account(owner: User, name: str = "", **fields: Any) -> Account:
    return accounts.create_account(
        actor=owner, name=name or f"Company {next(_serial)}", owner=owner, allow_duplicate=True, **fields
    )


def make_deal(
    owner: User,
    *,
    name: str = "",
    amount: Any = 1000,
    stage: str | None = None,
    close_on: date | None = None,
    account: Account | None = None,
    **fields: Any,
) -> Opportunity:
    """An open deal of `owner` with an account and an amount."""
    ensure_pipeline()
    return services.create_opportunity(
        actor=owner,
        name=name or f"Deal {next(_serial)}",
        owner=owner,
        account=account or make_account(owner),
        amount=None if amount is None else Decimal(amount),
        close_on=close_on,
        stage=stage,
        **fields,
    )


def win(deal: Opportunity, actor: User, reason: str = "Signed on paper") -> Opportunity:
    return services.move_opportunity(opportunity=deal, stage="closed_won", version=None, actor=actor, won_reason=reason)


def lose(deal: Opportunity, actor: User) -> Opportunity:
    reason = LossReason.objects.order_by("pk").first()
    return services.move_opportunity(
        opportunity=deal, stage="closed_lost", version=None, actor=actor, loss_reason=reason
    )
