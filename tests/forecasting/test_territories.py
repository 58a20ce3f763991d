from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts import services
from accounts.models import Account
from forecasting.models.periods import FiscalPeriod
from forecasting.models.quotas import Quota
from forecasting.services.quotas import activate_quota, approve_quota, create_quota, propose_quota
from forecasting.setup import ensure_periods
from revops.core import clock
from tests.accounts.builders import make_account
from tests.cast import Cast


@pytest.mark.spec("DA-12")
def test_a_plan_shows_the_quotas_of_whoever_gains_or_loses_and_changes_none(cast: Cast, client: Client) -> None:
    ensure_periods(clock.today().year)
    month = FiscalPeriod.objects.months().holding(clock.today()).get()
    for seller, amount in ((cast.alice, 270_000), (cast.charlie, 90_000), (cast.sam, 1_000)):
        quota: Any = create_quota(actor=cast.olga, period=month, amount=Decimal(amount), user=seller)
        quota = propose_quota(quota=quota, version=quota.version, actor=cast.olga)
        quota = approve_quota(quota=quota, version=quota.version, actor=cast.dana)
        activate_quota(quota=quota, version=quota.version, actor=cast.dana)
    for land in ("Germany", "Germany", "Spain"):
        make_account(cast.alice, country=land)
    model = services.create_territory_model(actor=cast.olga, name="Plan")
    west = services.create_territory(actor=None, name="West")
    services.add_territory_rule(model=model, territory=west, actor=cast.olga, countries=["Germany"], owner=cast.charlie)
    model = services.preview_territory_model(model=model, actor=cast.olga)
    client.force_login(cast.olga)
    page = " ".join(client.get(f"/territories/models/{model.pk}/").content.decode().split())
    assert "Quotas of movers" in page and "Sam Ito" not in page
    alice, charlie = page.index("Alice Reed, "), page.index("Charlie Voss, ")
    assert "270,000" in page[alice : alice + 80] and "90,000" in page[charlie : charlie + 80]
    assert "3 accounts" in page[alice:charlie] and "1 account<" in page[alice:charlie]
    assert "0 accounts" in page[charlie:] and "2 accounts" in page[charlie:]
    before = list(Quota.objects.order_by("pk").values())
    services.activate_territory_model(model=model, version=model.version, actor=cast.olga)
    assert list(Quota.objects.order_by("pk").values()) == before
    assert Account.objects.filter(owner=cast.charlie).count() == 2
