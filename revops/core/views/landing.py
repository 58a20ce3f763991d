"""Where a person stands after a change was saved."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def landing(request: HttpRequest, record: Any, elsewhere: str) -> HttpResponse:
    """The record's page, or the page named `elsewhere` when the change itself took the record out of sight."""
    seen = type(record).objects.visible_to(request.user).filter(pk=record.pk).exists()
    return redirect(record if seen else elsewhere)
