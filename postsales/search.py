"""Cases in the command menu."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from postsales.models import SupportCase
from revops.core.registries import Hit, Searcher, searchers
from revops.core.search import best


def search_cases(user: Any, text: str, limit: int) -> list[Hit]:
    """By number or subject: what begins so, then what holds it."""
    rows = SupportCase.objects.visible_to(user).select_related("account")
    return [
        Hit(
            case.subject,
            f"{case.number} · {case.account}",
            case.get_absolute_url(),
            exact=case.number.lower() == text.lower(),
            meta=case.get_status_display(),
        )
        for case in best(rows, text, limit)
    ]


def register() -> None:
    """Called once, when the app is ready."""
    permission = "postsales.view_supportcase"
    searchers.register(
        Searcher("case", _("Case"), "lifebuoy", search_cases, permission=permission, order=60, model=SupportCase)
    )
