"""Cases in the command menu."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from postsales.models import SupportCase
from revops.core.registries import Hit, Searcher, searchers


def search_cases(user: Any, text: str, limit: int) -> list[Hit]:
    """By number, or by the beginning of a subject."""
    rows = SupportCase.objects.visible_to(user).filter(Q(number__iexact=text) | Q(subject__istartswith=text))
    return [
        Hit(
            case.subject,
            f"{case.number} · {case.account}",
            case.get_absolute_url(),
            exact=case.number.lower() == text.lower(),
            meta=case.get_status_display(),
        )
        for case in rows.select_related("account").order_by("-opened_at", "-pk")[:limit]
    ]


def register() -> None:
    """Called once, when the app is ready."""
    permission = "postsales.view_supportcase"
    searchers.register(Searcher("case", _("Case"), "lifebuoy", search_cases, permission=permission, order=60))
