"""Boards: lanes of cards over the same filter as the list, and the answers to a moved card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from revops.core.money import Money
from revops.core.views.lists import ListPage

if TYPE_CHECKING:
    from django.forms import BaseForm
    from django_stubs_ext import StrOrPromise

CARDS_A_LANE = 20


@dataclass(frozen=True)
class Card:
    """One card. `when` is today, late, none or later; `warning` states its reason.

    What has no amount says in `note` what is known of it instead.
    """

    pk: Any
    version: int
    url: str
    move_url: str
    title: str
    sub: str = ""
    amount: Money | None = None
    note: str = ""
    pill: str = ""
    pill_tone: str = ""
    next_text: str = ""
    when: str = "none"
    owner: Any = None
    warning: str = ""


@dataclass(frozen=True)
class Lane:
    """One column. A rail (won, lost) shows no cards but takes a drop."""

    key: str
    title: StrOrPromise
    count: int
    sum: Money | None = None
    weighted: Money | None = None
    note: str = ""  # "at 42 %"
    share: int = 0  # per cent of the whole
    cards: Sequence[Card] = field(default_factory=list)
    more_url: str = ""
    create_url: str = ""
    url: str = ""
    icon: str = "circle"
    rail: bool = False

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.cards))


class BoardPage(ListPage):
    """A ListPage whose body is lanes: same filter, chips, strip and search."""

    template = "core/board.html"
    layout = "board"

    def lanes(self, rows: QuerySet[Any]) -> Sequence[Lane]:
        """Lanes and rails over the whole filter; at most CARDS_A_LANE cards in each."""
        raise NotImplementedError

    def body(self, rows: QuerySet[Any]) -> dict[str, Any]:
        lanes = self.lanes(rows)
        return {
            "lanes": [lane for lane in lanes if not lane.rail],
            "rails": [lane for lane in lanes if lane.rail],
            "board": True,
        }


def moved(request: HttpRequest, card: Card, lanes: Sequence[Lane]) -> HttpResponse:
    """200: the fresh card, and the heads of the lanes whose figures changed."""
    return render(request, "core/board_moved.html", {"card": card, "lanes": lanes})


def more_cards(request: HttpRequest, cards: Sequence[Card], more_url: str = "", more: int = 0) -> HttpResponse:
    """Further cards of a lane, for its `more_url`."""
    return render(request, "core/board_more.html", {"cards": cards, "more_url": more_url, "more": more})


def missing(
    request: HttpRequest,
    form: BaseForm,
    *,
    title: StrOrPromise,
    sub: StrOrPromise = "",
    action: str,
    keep: dict[str, Any],
    note: StrOrPromise = "",
    submit_label: StrOrPromise = "",
) -> HttpResponse:
    """422: a small form with just the fields that are missing; `keep` (stage, version) goes along hidden."""
    context = {
        "form": form,
        "title": title,
        "sub": sub,
        "action": action,
        "keep": keep,
        "note": note,
        "submit_label": submit_label,
    }
    return render(request, "core/missing.html", context, status=422)
