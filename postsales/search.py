"""Cases in the command menu."""

from typing import Any

from django.db.models import Q

from postsales.models import SupportCase
from revops.core.registries import Hit


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
