"""Markets, enrichment, data, research partners, scoring and a row to correct, for the walk through every page."""

from collections.abc import Callable
from typing import Any

from accounts.services import create_channel
from leads import services
from leads.models import Competitor, FitRule
from tests.cast import Cast
from tests.e2e.test_scoring_pages import learned
from tests.integrations.files import checked
from tests.integrations.test_corrections import TEXT
from tests.leads.test_markets import make_market
from tests.leads.test_partners import make_partner


def market_keys(cast: Cast) -> dict[str, Callable[[], Any]]:
    """The key of each page, by the name of its address."""
    market = make_market(cast.dana)
    provider = services.create_provider(actor=cast.olga, name="Register", url="https://register.example/")
    partner = make_partner(cast.olga)
    rival = services.create_setting(record=Competitor(name="Rival Rail"), actor=cast.olga)
    fit = FitRule(name="Rail", field="industry", values=["Rail"], points=5)
    rule = services.create_setting(record=fit, actor=cast.olga)
    model = learned()
    channel = create_channel(actor=cast.olga, name="Shops")
    run = checked("leads", TEXT, cast.olga)
    return {
        **dict.fromkeys(("target-market", "target-market-edit"), lambda: market.pk),
        **dict.fromkeys(("research-partner", "research-partner-edit"), lambda: partner.pk),
        **dict.fromkeys(("channel-detail", "channel-edit"), lambda: channel.pk),
        "enrichment-provider-edit": lambda: provider.pk,
        "data-record-new": lambda: {"kind": "facts"},
        "data-record-edit": lambda: {"kind": "competitors", "pk": rival.pk},
        "scoring-rule-new": lambda: {"kind": "engagement"},
        "scoring-rule": lambda: {"kind": "fit", "pk": rule.pk},
        "scoring-model": lambda: model.pk,
        "import-row": lambda: {"pk": run.pk, "number": 2},
    }
