"""Cases."""

from collections.abc import Callable
from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.hanging import ActivitiesMixin
from postsales import services
from postsales.api.serializers import BodyIn, CaseIn, CaseOut, CasePatch, OwnerIn, PriorityIn, ReasonIn
from postsales.filters import CaseFilter
from postsales.models import SupportCase
from postsales.selectors import ClockBook, case_list
from revops.core.api.writes import BulkMixin
from revops.users.api.shares import SharesMixin


class CaseViewSet(ActivitiesMixin, SharesMixin, BulkMixin):
    """Support cases. Clocks are computed at the moment of the answer."""

    resource = "cases"
    selector = staticmethod(case_list)
    out = CaseOut
    create_in, change_in = CaseIn, CasePatch
    rights = {
        "create": "postsales.add_supportcase",
        **dict.fromkeys(
            (
                "partial_update",
                "reply",
                "ask",
                "answer_received",
                "note",
                "priority",
                "assign",
                "resolve",
                "close",
                "reopen",
            ),
            "postsales.change_supportcase",
        ),
        "activities": "postsales.view_supportcase",
    }
    filterset_class = CaseFilter
    sort_fields = {"id": "id", "opened_at": "opened_at", "priority": "priority", "number": "number"}
    default_sort = "-opened_at"

    def get_serializer_context(self) -> dict[str, Any]:
        # Read when the first case asks, and once an answer.
        return {**super().get_serializer_context(), "clock_book": cache(ClockBook)}

    def _act(self, request: Request, pk: str, service: Callable[..., SupportCase], body: Any = None) -> Response:
        case, version = self.record(pk), self.shown_version(request)
        said = self.read(body) if body is not None else {}
        return self.again(service(case=case, version=version, actor=request.user, **said))

    def create(self, request: Request) -> Response:
        """Open a case; its clocks start now."""
        return self.again(services.open_case(actor=request.user, **self.read(CaseIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct what a case says about itself."""
        return self._act(request, pk, services.update_case, CasePatch)

    @extend_schema(request=BodyIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, pk: str) -> Response:
        """Answer the customer; the first answer stops the response clock."""
        return self._act(request, pk, services.reply_case, BodyIn)

    @extend_schema(request=BodyIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask the customer and wait; the resolution clock pauses."""
        return self._act(request, pk, services.ask_customer, BodyIn)

    @extend_schema(request=BodyIn, responses=CaseOut)
    @action(detail=True, methods=["post"], url_path="customer-answered")
    def answer_received(self, request: Request, pk: str) -> Response:
        """Write down what the customer said; a paused clock runs again."""
        return self._act(request, pk, services.customer_answered, BodyIn)

    @extend_schema(request=BodyIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def note(self, request: Request, pk: str) -> Response:
        """Write an internal note."""
        return self._act(request, pk, services.note_case, BodyIn)

    @extend_schema(request=PriorityIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def priority(self, request: Request, pk: str) -> Response:
        """Change the priority; targets count from the case's beginning."""
        return self._act(request, pk, services.set_priority, PriorityIn)

    @extend_schema(request=OwnerIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        """Give the case to somebody, or to nobody."""
        return self._act(request, pk, services.assign_case, OwnerIn)

    @extend_schema(request=BodyIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say how it was solved."""
        return self._act(request, pk, services.resolve_case, BodyIn)

    @extend_schema(request=None, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a solved case."""
        return self._act(request, pk, services.close_case)

    @extend_schema(request=ReasonIn, responses=CaseOut)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Reopen a solved case within seven days."""
        return self._act(request, pk, services.reopen_case, ReasonIn)
