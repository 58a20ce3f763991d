"""Mails that went out and came in, one that somebody writes, and who may be contacted, over the API."""

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
from leads.models import ContactPolicy, Lead, MessageTemplate, ReceivedMessage, SentMessage
from leads.selectors.mails import mails_listed
from leads.selectors.outreach import received_shown
from leads.selectors.sequences import policies_shown
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin


class EnclosedOut(serializers.Serializer):  # type: ignore[type-arg]
    """A document that goes along with a mail."""

    document = serializers.IntegerField()
    version = serializers.IntegerField(allow_null=True, help_text="Chosen; null: whichever counts when it is sent.")
    sent_version = serializers.IntegerField(allow_null=True, help_text="The one that was sent.")


class SentMessageOut(OutSerializer):
    """One mail to one person: of a step of a sequence, or written by somebody (`sender`) to a lead or a contact."""

    documents = serializers.SerializerMethodField()

    class Meta:
        model = SentMessage
        fields = [
            "id", "enrollment", "step", "lead", "contact", "sender", "replies_to", "status", "message_id", "to",
            "subject", "body", "documents", "due_at", "handed_at", "sent_at", "tries", "error", "created_at",
            "updated_at",
        ]  # fmt: skip

    @extend_schema_field(EnclosedOut(many=True))
    def get_documents(self, mail: SentMessage) -> list[dict[str, Any]]:
        """What goes along, and what went."""
        went = {row.version.document_id: row.version_id for row in mail.gone}  # type: ignore[attr-defined]
        return [
            {"document": row.document_id, "version": row.version_id, "sent_version": went.get(row.document_id)}
            for row in mail.enclosures.all()
        ]


class SentMessageIn(StrictSerializer):
    """A mail to a lead or a contact, or an answer (`replies_to`) to one of theirs.

    A template gives subject and text where none are sent, and its documents. `versions` are ids of document versions:
    one that is superseded is 422 with the number of the newer one, one that the caller does not see is 404.
    """

    lead = Seen(Lead, required=False, allow_null=True)
    contact = Seen(Contact, required=False, allow_null=True)
    replies_to = Seen(ReceivedMessage, required=False, allow_null=True)
    template = Seen(MessageTemplate, required=False, allow_null=True)
    to = serializers.CharField(max_length=254, required=False, allow_blank=True)
    subject = serializers.CharField(max_length=400, required=False, allow_blank=True)
    body = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    versions = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=20)

    def validate(self, attrs: Any) -> Any:
        return attrs if attrs.get("replies_to") and not attrs.get("lead") else one_person(attrs)


class SendAgainIn(StrictSerializer):
    """With `newer`, each document goes in the version that counts now."""

    newer = serializers.BooleanField(required=False, default=False)


class SentMessageViewSet(ResourceViewSet):
    """Sent mails. Unconfirmed: the connection broke after the last byte, nobody sends it again by itself."""

    resource = "sent-messages"
    selector = staticmethod(mails_listed)
    out = SentMessageOut
    rights = {"create": "leads.add_sentmessage", "send_again": None}
    filterset_class = MailPageFilter
    sort_fields = {"id": "id", "due_at": "due_at"}

    @extend_schema(request=SentMessageIn, responses={201: SentMessageOut})
    def create(self, request: Request) -> Response:
        """Write one: it is sent at once. 422 for somebody who objects."""
        return self.again(services.write_mail(actor=request.user, **self.read(SentMessageIn)), 201)

    @extend_schema(request=SendAgainIn, responses=SentMessageOut)
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, pk: str) -> Response:
        """One that is unconfirmed or failed waits to be sent again; any other is 409."""
        mail = self.record(pk)
        return self.again(services.send_again(message=mail, actor=request.user, **self.read(SendAgainIn)))


class ReceivedMessageOut(OutSerializer):
    """A mail that came in."""

    class Meta:
        model = ReceivedMessage
        fields = [
            "id", "kind", "enrollment", "lead", "contact", "answers", "sender", "subject", "text", "message_id",
            "received_at", "read_at", "created_at",
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
