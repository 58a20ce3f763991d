"""Webhooks by token: what the page does, the same way."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from revops.core.api.views import ResourceViewSet
from revops.core.keyset import paginate
from revops.core.scope import require
from revops.integrations import services
from revops.integrations.api.webhook_serializers import (
    DeliveryDetailOut,
    DeliveryOut,
    EventOut,
    ReplayedOut,
    ReplayIn,
    RotateIn,
    WebhookIn,
    WebhookMadeOut,
    WebhookOut,
)
from revops.integrations.filters import MessageFilter, WebhookFilter
from revops.integrations.models import Webhook, WebhookMessage
from revops.integrations.offers import may_hear_kind, offers
from revops.integrations.selectors import message_list, webhook_list

MANAGE = "integrations.manage_webhooks"
VERBS = (
    "create", "partial_update", "rotate", "test", "pause", "resume", "take_over", "archive", "restore", "replay",
)  # fmt: skip


class AnswerWithSecret(Response):
    """The secret joins the answer as it is written out: what is kept for a repeated Idempotency-Key has none."""

    def __init__(self, answer: Response, secret: str) -> None:
        headers = {name: answer[name] for name in ("ETag", "Location") if answer.has_header(name)}
        super().__init__(answer.data, status=answer.status_code, headers=headers)
        self.secret = secret

    @property
    def rendered_content(self) -> Any:
        """The body."""
        kept, self.data = self.data, {**self.data, "secret": self.secret}
        try:
            return super().rendered_content
        finally:
            self.data = kept


class WebhookViewSet(ResourceViewSet):
    """Addresses that hear of events: signed as Standard Webhooks has it, tried again for three days."""

    resource = "webhooks"
    selector = staticmethod(webhook_list)
    out = WebhookOut
    create_in = change_in = WebhookIn
    rights = dict.fromkeys(VERBS, MANAGE)
    filterset_class = WebhookFilter
    sort_fields = {"id": "id", "name": "name", "created_at": "created_at"}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page of webhooks."""
        require(request.user, MANAGE)
        return super().list(request, *args, **kwargs)

    @extend_schema(request=WebhookIn, responses={201: WebhookMadeOut})
    def create(self, request: Request) -> Response:
        """Make a webhook that acts as you. Its secret is in this answer and nowhere else, ever."""
        webhook, secret = services.create_webhook(actor=request.user, **self.read(WebhookIn))
        return AnswerWithSecret(self._made(webhook, 201), secret)

    @extend_schema(request=WebhookIn, responses=WebhookOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change name, address, events or filter. Its owner only."""
        webhook, version = self.record(pk), self.shown_version(request)
        given = self.read(WebhookIn, partial=True)
        return self.answer(services.update_webhook(webhook=webhook, version=version, actor=request.user, **given))

    @extend_schema(responses=EventOut(many=True))
    @action(detail=False, methods=["get"])
    def events(self, request: Request) -> Response:
        """What a webhook of yours may hear of."""
        require(request.user, MANAGE)
        found = [one for one in offers.all() if may_hear_kind(request.user, one)]
        rows = [
            {"name": one.key, "meaning": one.label, "fields_of_data": {n: t.__name__ for n, t in one.facts.items()}}
            for one in found
        ]
        return Response({"results": EventOut(rows, many=True).data, "next": None})

    @extend_schema(request=RotateIn, responses=WebhookMadeOut)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """A new secret, in this answer only. The old one signs beside it for `keep_hours`, 24 unless told otherwise."""
        webhook, version = self.record(pk), self.shown_version(request)
        webhook, secret = services.rotate_secret(
            webhook=webhook, version=version, actor=request.user, **self.read(RotateIn)
        )
        return AnswerWithSecret(self._made(webhook, 200), secret)

    @extend_schema(request=None, responses={202: DeliveryOut})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send an event of the type webhook.test, once; follow it under `deliveries`."""
        message = services.send_test(webhook=self.record(pk), actor=request.user)
        return Response(DeliveryOut(message).data, status=202)

    @extend_schema(request=None, responses=WebhookOut)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Send nothing for now; what happens meanwhile waits."""
        return self._act(services.pause_webhook, request, pk)

    @extend_schema(request=None, responses=WebhookOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Send again, and at once what waits."""
        return self._act(services.resume_webhook, request, pk)

    @extend_schema(request=None, responses=WebhookOut)
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str) -> Response:
        """Become its owner: from now on it sends what you may see."""
        return self._act(services.take_over_webhook, request, pk)

    @extend_schema(request=None, responses=WebhookOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of use; its log stays."""
        return self._act(services.archive_webhook, request, pk)

    @extend_schema(request=None, responses=WebhookOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back, paused."""
        return self._act(services.restore_webhook, request, pk)

    @extend_schema(
        parameters=[
            OpenApiParameter("state", str, enum=WebhookMessage.State.values),
            OpenApiParameter("type", str, description="An event's name"),
            OpenApiParameter("limit", int, description="1 to 200, default 50"),
            OpenApiParameter("cursor", str),
        ],
        responses=DeliveryOut(many=True),
    )
    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, pk: str) -> Response:
        """What was sent or waits, newest first: {"results": [...], "next": cursor or null}."""
        rows = message_list(viewer=request.user, webhook=self.record(pk))
        rows = MessageFilter.checked(request.query_params, rows, request=request)
        page = paginate(rows.order_by(), ["-pk"], request.query_params.get("cursor") or None, self._limit(request))
        return Response({"results": DeliveryOut(page.rows, many=True).data, "next": page.next_cursor})

    @extend_schema(responses=DeliveryDetailOut)
    @action(detail=True, methods=["get"], url_path=r"deliveries/(?P<message>\d{1,18})")
    def delivery(self, request: Request, pk: str, message: str) -> Response:
        """One message with its body and every try."""
        return Response(DeliveryDetailOut(self._message(self.record(pk), int(message))).data)

    @extend_schema(request=ReplayIn, responses=ReplayedOut)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Send again: one delivery, or all that failed since a moment. Ids and bodies stay as they were."""
        webhook, given = self.record(pk), self.read(ReplayIn)
        if "since" in given:
            count = services.replay_failed(webhook=webhook, since=given["since"], actor=request.user)
        else:
            services.replay_message(message=self._message(webhook, given["delivery"]), actor=request.user)
            count = 1
        return Response({"count": count})

    def _message(self, webhook: Webhook, key: int) -> WebhookMessage:
        found = message_list(viewer=self.request.user, webhook=webhook).filter(pk=key)
        message = found.prefetch_related("attempts").first()
        if message is None:
            raise Http404
        return message

    def _made(self, webhook: Webhook, status: int) -> Response:
        answer = self.answer(webhook, status)
        answer.data = WebhookMadeOut(webhook).data
        return answer

    def _act(self, verb: Any, request: Request, pk: str) -> Response:
        webhook, version = self.record(pk), self.shown_version(request)
        return self.answer(verb(webhook=webhook, version=version, actor=request.user))
