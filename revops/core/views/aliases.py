"""An address of a record that was merged leads to the one that it became."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _


def winner_of(rows: QuerySet[Any], pk: Any) -> Any:
    """Of these rows the one that an alias stands for, or None."""
    return rows.filter(aliases=pk).first()


def opened(request: HttpRequest, rows: QuerySet[Any], pk: int) -> tuple[Any, HttpResponse | None]:
    """The record, or the way to what it became. Raises Http404 when the viewer sees neither."""
    record = rows.filter(pk=pk).first()
    if record is not None:
        return record, None
    winner = winner_of(rows, pk)
    if winner is None:
        raise Http404
    messages.info(request, _("What you opened was merged into this."))
    return winner, redirect(winner)
