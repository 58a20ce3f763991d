"""Sequences, their texts, and who is in them, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import OwnerOut, Seen
from accounts.models import Contact, Document
from leads import services
from leads.filters_sequences import EnrollmentPageFilter, SequencePageFilter, TemplatePageFilter
from leads.models import Enrollment, Lead, MessageTemplate, Sequence, SequenceStep
from leads.selectors.outreach import enrollments_shown, sequences_shown, step_figures, templates_shown
from leads.services.enrolling import Enrolled
from leads.services.sequence_building import build_sequence
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.api.writes import BulkMixin
from revops.users.models import User

FACTS = ("name", "description", "owner", "on_weekends")


class SequenceOut(OutSerializer):
    """A sequence and how many people it has reached, among those that the caller sees."""

    step_count = serializers.IntegerField(read_only=True)
    enrolled_count = serializers.IntegerField(read_only=True)
    running_count = serializers.IntegerField(read_only=True)
    reached_count = serializers.IntegerField(read_only=True)
    replied_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Sequence
        fields = [
            "id", "name", "description", "status", "owner", "on_weekends", "step_count", "enrolled_count",
            "running_count", "reached_count", "replied_count", "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut}


class StepOut(serializers.Serializer):  # type: ignore[type-arg]
    """A step, and what became of its mails."""

    id = serializers.IntegerField(source="step.pk")
    position = serializers.IntegerField(source="step.position")
    day_offset = serializers.IntegerField(source="step.day_offset")
    kind = serializers.ChoiceField(source="step.kind", choices=SequenceStep.Kind.choices)
    template = serializers.IntegerField(source="step.template_id", allow_null=True)
    subject = serializers.CharField(source="step.subject")
    waiting = serializers.IntegerField(help_text="People whose next step it is.")
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    bounced = serializers.IntegerField()
    replied = serializers.IntegerField()
    opted_out = serializers.IntegerField()


class SequenceDetailOut(SequenceOut):
    """One sequence with its steps and their figures."""

    steps = serializers.SerializerMethodField()

    class Meta(SequenceOut.Meta):
        fields = [*SequenceOut.Meta.fields, "steps"]

    @extend_schema_field(StepOut(many=True))
    def get_steps(self, sequence: Sequence) -> Any:
        """In their order."""
        viewer = self.context["request"].user
        return StepOut(step_figures(sequence, viewer=viewer), many=True).data


class SequenceStepIn(StrictSerializer):
    """An e-mail has a template, everything else says what is to do."""

    day_offset = serializers.IntegerField(min_value=0, max_value=365)
    kind = serializers.ChoiceField(choices=SequenceStep.Kind.choices)
    template = Seen(MessageTemplate, required=False, allow_null=True)
    subject = serializers.CharField(max_length=200, required=False, allow_blank=True)


class SequenceIn(StrictSerializer):
    """A sequence with its steps in their order."""

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    owner = Seen(User, required=False)
    on_weekends = serializers.BooleanField(required=False)
    steps = serializers.ListField(child=SequenceStepIn(), required=False, max_length=30)


class EnrollIn(StrictSerializer):
    """Whom to put in; without a sender the caller writes to them."""

    leads = serializers.ListField(child=Seen(Lead), required=False, max_length=200)
    contacts = serializers.ListField(child=Seen(Contact), required=False, max_length=200)
    sender = Seen(User, required=False)


class RefusedOut(serializers.Serializer):  # type: ignore[type-arg]
    """Somebody who was not put in, and why."""

    lead = serializers.IntegerField(allow_null=True)
    contact = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    reason = serializers.CharField()


class EnrollmentOut(OutSerializer):
    """Somebody in a sequence, and when the next step is done."""

    class Meta:
        model = Enrollment
        fields = [
            "id", "sequence", "lead", "contact", "sender", "status", "enrolled_at", "next_position", "next_at",
            "ended_at", "reason", "created_at", "updated_at", "version",
        ]  # fmt: skip


class EnrolledOut(serializers.Serializer):  # type: ignore[type-arg]
    """What came of it."""

    enrolled = EnrollmentOut(many=True)
    refused = RefusedOut(many=True)


def _told(done: Enrolled) -> dict[str, Any]:
    refused = [
        {
            "lead": one.person.pk if isinstance(one.person, Lead) else None,
            "contact": None if isinstance(one.person, Lead) else one.person.pk,
            "code": one.code,
            "reason": one.reason,
        }
        for one in done.refused
    ]
    return dict(EnrolledOut({"enrolled": done.enrollments, "refused": refused}).data)


def _built(given: dict[str, Any]) -> dict[str, Any]:
    steps = given.get("steps")
    asked = None if steps is None else [{"template": None, "subject": "", **step} for step in steps]
    return {"facts": {name: given[name] for name in FACTS if name in given}, "steps": asked}


class SequenceViewSet(BulkMixin):
    """Mails, calls, visits and tasks that reach a person one after the other."""

    resource = "sequences"
    selector = staticmethod(sequences_shown)
    out = SequenceOut
    detail_out = SequenceDetailOut
    create_in = change_in = SequenceIn
    rights = {
        "create": "leads.add_sequence",
        **dict.fromkeys(("partial_update", "activate", "pause", "archive"), "leads.change_sequence"),
        "enroll": "leads.add_enrollment",
    }
    filterset_class = SequencePageFilter
    sort_fields = {"id": "id", "name": "name"}

    def create(self, request: Request) -> Response:
        """Draw one up."""
        given = _built(self.read(SequenceIn))
        return self.again(build_sequence(sequence=None, version=None, actor=request.user, **given), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; the steps of one in use only while it is paused (409)."""
        sequence, version = self.record(pk), self.shown_version(request)
        given = _built(self.read(SequenceIn, partial=True))
        return self.again(build_sequence(sequence=sequence, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses=SequenceDetailOut)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """It takes people, and goes on after a pause; without steps 422."""
        sequence, version = self.record(pk), self.shown_version(request)
        return self.again(services.activate_sequence(sequence=sequence, version=version, actor=request.user))

    @extend_schema(request=None, responses=SequenceDetailOut)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Nothing is sent until it goes on."""
        sequence, version = self.record(pk), self.shown_version(request)
        return self.again(services.pause_sequence(sequence=sequence, version=version, actor=request.user))

    @extend_schema(request=None, responses=SequenceDetailOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Its end; whoever is in it is taken out."""
        sequence, version = self.record(pk), self.shown_version(request)
        return self.again(services.archive_sequence(sequence=sequence, version=version, actor=request.user))

    @extend_schema(request=EnrollIn, responses={201: EnrolledOut})
    @action(detail=True, methods=["post"])
    def enroll(self, request: Request, pk: str) -> Response:
        """Put people in. Refused ones are named with the reason; a single one who is refused is 422."""
        sequence = self.record(pk)
        return Response(_told(services.enroll(sequence=sequence, actor=request.user, **self.read(EnrollIn))), 201)


class ReasonIn(StrictSerializer):
    """Why, in a few words."""

    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class EnrollmentViewSet(ResourceViewSet):
    """People in sequences, as far as the caller sees the lead or contact."""

    resource = "enrollments"
    selector = staticmethod(enrollments_shown)
    out = EnrollmentOut
    rights = dict.fromkeys(("pause", "resume", "stop"), "leads.change_enrollment")
    filterset_class = EnrollmentPageFilter
    sort_fields = {"id": "id", "enrolled_at": "enrolled_at"}

    @extend_schema(request=None, responses=EnrollmentOut)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """No step is done until it goes on."""
        enrollment, version = self.record(pk), self.shown_version(request)
        return self.again(services.pause_enrollment(enrollment=enrollment, version=version, actor=request.user))

    @extend_schema(request=None, responses=EnrollmentOut)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """It goes on where it was; 422 for somebody who objected meanwhile."""
        enrollment, version = self.record(pk), self.shown_version(request)
        return self.again(services.resume_enrollment(enrollment=enrollment, version=version, actor=request.user))

    @extend_schema(request=ReasonIn, responses=EnrollmentOut)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Take them out; what waits is not sent."""
        enrollment, version = self.record(pk), self.shown_version(request)
        reason = self.read(ReasonIn)["reason"]
        return self.again(
            services.stop_enrollment(enrollment=enrollment, version=version, actor=request.user, reason=reason)
        )


class MessageTemplateOut(OutSerializer):
    """What a step says."""

    step_count = serializers.IntegerField(read_only=True)
    documents = serializers.SerializerMethodField()

    class Meta:
        model = MessageTemplate
        fields = [
            "id", "name", "subject", "body", "documents", "step_count", "archived_at", "created_at", "updated_at",
            "version",
        ]  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_documents(self, template: MessageTemplate) -> list[int]:
        """What goes along with each mail, in the version that counts then."""
        return sorted(row.document_id for row in template.enclosed.all())


class MessageTemplateIn(StrictSerializer):
    """Names in braces are filled in per person; one that is not known is 422. Documents are for everybody."""

    name = serializers.CharField(max_length=120)
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=20_000)
    documents = serializers.ListField(child=Seen(Document), required=False, max_length=20)


class MessageTemplateViewSet(BulkMixin):
    """The texts of mails."""

    resource = "message-templates"
    selector = staticmethod(templates_shown)
    out = MessageTemplateOut
    create_in = change_in = MessageTemplateIn
    rights = {
        "create": "leads.add_messagetemplate",
        **dict.fromkeys(("partial_update", "archive"), "leads.change_messagetemplate"),
    }
    filterset_class = TemplatePageFilter
    sort_fields = {"id": "id", "name": "name"}

    def create(self, request: Request) -> Response:
        """Write one."""
        return self.again(services.create_template(actor=request.user, **self.read(MessageTemplateIn)), 201)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it; what was sent stays as it was sent."""
        template, version = self.record(pk), self.shown_version(request)
        given = self.read(MessageTemplateIn, partial=True)
        return self.again(services.update_template(template=template, version=version, actor=request.user, **given))

    @extend_schema(request=None, responses=MessageTemplateOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Put it away; 409 while a sequence says it."""
        template, version = self.record(pk), self.shown_version(request)
        return self.again(services.archive_template(template=template, version=version, actor=request.user))
