"""Calendars over the API: a file is read into activities, an address is given out to read them."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import CalendarFileIn, FeedOut, ImportedOut
from accounts.ics import LARGEST


class CalendarMixin:
    """What concerns one's calendar as a whole."""

    calendar_rights = {
        "import_calendar": "accounts.add_activity",
        "calendar_feed": "accounts.view_activity",
        "withdraw_calendar_feed": "accounts.view_activity",
    }
    read: Any

    @extend_schema(request={"multipart/form-data": CalendarFileIn}, responses=ImportedOut)
    @action(detail=False, methods=["post"], url_path="import-calendar", parser_classes=[MultiPartParser])
    def import_calendar(self, request: Request) -> Response:
        """Read an .ics file into one's own activities: the same UID is the same activity."""
        data = self.read(CalendarFileIn)["file"].read(LARGEST + 1)
        return Response(ImportedOut(services.import_calendar(actor=request.user, data=data)).data)

    @extend_schema(request=None, responses={201: FeedOut})
    @action(detail=False, methods=["post"], url_path="calendar-feed")
    def calendar_feed(self, request: Request) -> Response:
        """An address for one's calendar program; the one before stops working."""
        _feed, raw = services.make_feed(actor=request.user)
        path = reverse("calendar-feed", args=[raw])
        return Response({"address": f"{settings.SITE_URL.rstrip('/')}{path}"}, 201)

    @extend_schema(request=None, responses={204: None})
    @action(detail=False, methods=["post"], url_path="calendar-feed/withdraw")
    def withdraw_calendar_feed(self, request: Request) -> Response:
        """The address of one's calendar stops working."""
        services.withdraw_feed(actor=request.user)
        return Response(status=204)
