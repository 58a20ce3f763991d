"""What a planned division of the accounts means for quotas: shown beside its preview, changed by nobody."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Account, TerritoryModel
from accounts.registries import TerritoryEffect, territory_effects
from accounts.selectors.territories import movements
from forecasting.models.quotas import Quota
from revops.core import clock
from revops.core.money import Money
from revops.core.templatetags.frame import money_text

SHOWN = 100


def quotas_of_movers(model: TerritoryModel, viewer: Any) -> list[tuple[str, str, str, str]]:
    """The quotas in force of everybody who gains or loses accounts: the same amount over other accounts."""
    movers = {row["key"]: row for row in movements(model, viewer)["owners"]}
    rows = (
        Quota.objects.visible_to(viewer)
        .active()
        .filter(user_id__in=movers, period__last_on__gte=clock.today())
        .select_related("user", "period")
        .order_by("user__first_name", "user_id", "period__first_on", "pk")[:SHOWN]
    )
    held = _held(movers)
    return [
        (
            _("%(name)s, %(period)s, %(amount)s")
            % {"name": row.user, "period": row.period, "amount": money_text(Money(row.amount, row.currency), "auto")},
            _accounts(held.get(row.user_id, 0)),
            _accounts(held.get(row.user_id, 0) + movers[row.user_id]["gains"] - movers[row.user_id]["loses"]),
            "",
        )
        for row in rows
        if row.user_id is not None
    ]


def _held(people: Iterable[int]) -> dict[int, int]:
    """How many accounts each of them holds now."""
    rows = Account.objects.active().filter(owner_id__in=list(people)).order_by()
    return dict(rows.values_list("owner_id").annotate(n=Count("pk")))


def _accounts(count: int) -> str:
    return ngettext("%(n)s account", "%(n)s accounts", count) % {"n": count}


def register() -> None:
    """Called once, when the app is ready."""
    territory_effects.register(
        TerritoryEffect("forecasting.quotas", gettext_lazy("Quotas of movers"), quotas_of_movers)
    )
