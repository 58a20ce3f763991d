"""Mails of sequences that went out and came in, and who may be contacted, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import Seen
from accounts.models import Contact
from leads import services
from leads.api.campaigns import one_person
from leads.filters_mail import PolicyFilter, ReceivedFilter
from leads.filters_sequences import MailPageFilter
from leads.models import ContactPolicy, Lead, ReceivedMessage, SentMessage
from leads.selectors.outreach import mails_shown, received_shown
from leads.selectors.sequences import policies_shown
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin


class SentMessageOut(OutSerializer):
    """One mail of one step to one person."""

    class Meta:
        model = SentMessage
        fields = [
            "id", "enrollment", "step", "status", "message_id", "to", "subject", "body", "due_at", "handed_at",
            "sent_at", "tries", "error", "created_at", "updated_at",
        ]  # fmt: skip


class SentMessageViewSet(ResourceViewSet):
    """Mails of sequences. Unconfirmed: the connection broke after the last byte, nobody sends it again by itself."""

    resource = "sent-messages"
    selector = staticmethod(mails_shown)
    out = SentMessageOut
    rights = {"send_again": "leads.change_enrollment"}
    filterset_class = MailPageFilter
    sort_fields = {"id": "id", "due_at": "due_at"}

    @extend_schema(request=None, responses=SentMessageOut)
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, pk: str) -> Response:
        """One that is unconfirmed or failed waits to be sent again; any other is 409."""
        return self.again(services.send_again(message=self.record(pk), actor=request.user))


class ReceivedMessageOut(OutSerializer):
    """A mail that came in."""

    class Meta:
        model = ReceivedMessage
        fields = [
            "id", "kind", "enrollment", "answers", "sender", "subject", "text", "message_id", "received_at", "read_at",
            "created_at",
        ]  # fmt: skip


class ReceivedMessageViewSet(ResourceViewSet):
    """Answers, bounces, objections and automatic answers."""

    resource = "received-messages"
    selector = staticmethod(received_shown)
    out = ReceivedMessageOut
    rights = {"mark_read": "leads.view_receivedmessage"}
    filterset_class = ReceivedFilter
    sort_fields = {"id": "id", "received_at": "received_at"}

    @extend_schema(request=None, responses=ReceivedMessageOut)
    @action(detail=True, methods=["post"], url_path="mark-read")
    def mark_read(self, request: Request, pk: str) -> Response:
        """Somebody has opened it."""
        return self.again(services.mark_read(message=self.record(pk), actor=request.user))


@extend_schema_field({"type": "string", "description": "By the person's wall clock: 09:00:00."})
class WallClockField(serializers.TimeField):
    """A time of day without a zone: what a schema calls a time has one."""


class ContactPolicyOut(OutSerializer):
    """Whether, on what ground and when somebody may be contacted."""

    window_from = WallClockField(read_only=True)
    window_to = WallClockField(read_only=True)

    class Meta:
        model = ContactPolicy
        fields = [
            "id", "lead", "contact", "do_not_contact_at", "reason", "basis", "time_zone", "window_from", "window_to",
            "created_at", "updated_at", "version",
        ]  # fmt: skip


class ContactPolicyChangeIn(StrictSerializer):
    """An objection takes everybody with this address out of every sequence."""

    do_not_contact = serializers.BooleanField(required=False)
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True)
    basis = serializers.ChoiceField(choices=ContactPolicy.Basis.choices, required=False)
    time_zone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    window_from = WallClockField(required=False)
    window_to = WallClockField(required=False)


class ContactPolicyIn(ContactPolicyChangeIn):
    """Of a lead or a contact."""

    lead = Seen(Lead, required=False, allow_null=True)
    contact = Seen(Contact, required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        return one_person(attrs)


class ContactPolicyViewSet(BulkMixin):
    """Who may be contacted, as far as the caller sees the lead or contact."""

    resource = "contact-policies"
    selector = staticmethod(policies_shown)
    out = ContactPolicyOut
    create_in, change_in = ContactPolicyIn, ContactPolicyChangeIn
    rights = dict.fromkeys(("create", "partial_update"), "leads.change_contactpolicy")
    filterset_class = PolicyFilter
    sort_fields = {"id": "id"}

    def create(self, request: Request) -> Response:
        """Record it; of somebody who has a record, change that."""
        return self.again(services.set_policy(actor=request.user, **self.read(ContactPolicyIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it."""
        policy, version = self.record(pk), self.shown_version(request)
        given = self.read(ContactPolicyChangeIn, partial=True)
        about = {"lead": policy.lead, "contact": policy.contact}
        return self.again(services.set_policy(actor=request.user, version=version, **about, **given))
