"""Records that the pages of a lead's way show: a model of territories that is planned, and previewed."""

from collections.abc import Callable
from typing import Any

from accounts import services
from tests.accounts.builders import make_account
from tests.cast import Cast


def path_keys(cast: Cast) -> dict[str, Callable[[], Any]]:
    """Which record the addresses of territories show."""
    make_account(cast.alice, "Rhine Works", country="Germany")
    model = services.create_territory_model(actor=cast.olga, name="Next year")
    west = services.create_territory(actor=None, name="West")
    rule = services.add_territory_rule(
        model=model, territory=west, actor=cast.olga, countries=["Germany"], owner=cast.bob
    )
    services.preview_territory_model(model=model, actor=cast.olga)
    models = ("territory-model", "territory-preview", "territory-activate", "territory-rule-new")
    return {
        **dict.fromkeys(models, lambda: model.pk),
        **dict.fromkeys(("territory-rule", "territory-rule-remove"), lambda: rule.pk),
    }
