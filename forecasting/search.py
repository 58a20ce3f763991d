"""How the command menu finds goals."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from forecasting.selectors.goals import goal_list
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import named


def search_goals(user: Any, text: str, limit: int) -> Sequence[Hit]:
    """By name, or by whose they are."""
    rows = goal_list(viewer=user).order_by("-period__first_on")
    found = named(rows, text, limit, "name", "owner__first_name", "owner__last_name")
    return [Hit(str(row), row.period.label, row.get_absolute_url()) for row in found]


def register() -> None:
    """Called once, when the app is ready."""
    searchers.register(
        Searcher("goal", _("Goal"), "target-arrow", search_goals, permission="forecasting.view_goal", order=75)
    )
