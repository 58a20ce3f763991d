"""Other spellings of a search that found little, each with how many rows it would show."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from revops.core import search
from revops.core.registries import searchers
from revops.core.views.counting import CHIP_LIMIT, bounded_count, count_text


def other_spellings(
    text: str, count: int, model: Any, rows_for: Callable[[str], QuerySet[Any]], url_for: Callable[[str], str]
) -> list[dict[str, str]]:
    """For a list of `model` that shows `count` rows for `text`. A spelling that shows this person nothing is left out:
    the words are of everybody's records.
    """
    kind = next((one.key for one in searchers if one.model is model), "")
    if not text or not kind or count >= search.ENOUGH:
        return []
    found = []
    for spelling in search.spellings(text, [kind]).get(kind, []):
        hits = bounded_count(rows_for(spelling), CHIP_LIMIT)
        if hits:
            found.append({"text": spelling, "count": count_text(hits, CHIP_LIMIT), "url": url_for(spelling)})
    return found
