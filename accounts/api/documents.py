"""Documents over the API: handed in as multipart, downloaded as a stream."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.api.serializers import OwnerOut, ReasonIn
from accounts.files import download
from accounts.filters import DocumentFilter
from accounts.models import Document, DocumentVersion
from accounts.selectors import document_list
from accounts.shelves import record_of
from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.core.api.views import ResourceViewSet
from revops.core.scope import require


class VersionOut(OutSerializer):
    """One file of a document."""

    class Meta:
        model = DocumentVersion
        fields = ["id", "number", "name", "content_type", "size", "sha256", "note", "uploaded_by", "created_at"]


class DocumentOut(OutSerializer):
    """A document with its newest file."""

    newest = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "id", "title", "kind", "access", "owner", "newest", "archived_at", "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut}

    @extend_schema_field(VersionOut)
    def get_newest(self, document: Document) -> dict[str, Any]:
        """The version that counts."""
        return dict(VersionOut(document.newest).data)


class DocumentFacts(StrictSerializer):
    """What a document is called, and who reads it."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=False)
    kind = serializers.ChoiceField(choices=Document.Kind.choices, required=False)
    access = serializers.ChoiceField(choices=Document.Access.choices, required=False)


class DocumentIn(DocumentFacts):
    """A file to hand in; `about` ("lead:12") hangs it on that record."""

    file = serializers.FileField()
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)
    about = serializers.CharField(max_length=80, required=False)


class DocumentVersionIn(StrictSerializer):
    """A newer file."""

    file = serializers.FileField()
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class AboutIn(StrictSerializer):
    """A record that takes documents: "lead:12"."""

    about = serializers.CharField(max_length=80)


class DocumentViewSet(ResourceViewSet):
    """Papers in their versions, and the records that they hang on."""

    resource = "documents"
    costs = dict.fromkeys(("create", "renew"), "upload")
    rights = {
        **dict.fromkeys(("create", "renew"), "accounts.add_document"),
        **dict.fromkeys(("partial_update", "archive", "restore"), "accounts.change_document"),
        "link": None,
        "unlink": None,
    }
    selector = staticmethod(document_list)
    out = DocumentOut
    filterset_class = DocumentFilter
    sort_fields = {"id": "id", "title": "title", "created_at": "created_at", "updated_at": "updated_at"}

    @extend_schema(request={"multipart/form-data": DocumentIn}, responses={201: DocumentOut})
    def create(self, request: Request) -> Response:
        """Hand in a document."""
        facts = self.read(DocumentIn)
        where = self._place(facts.pop("about")) if "about" in facts else {}
        made = services.upload_document(actor=request.user, upload=facts.pop("file"), **where, **facts)
        return self.again(made, 201)

    @extend_schema(request=DocumentFacts, responses=DocumentOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another title, kind or circle of readers."""
        record, version = self.record(pk), self.shown_version(request)
        facts = self.read(DocumentFacts)
        return self.again(services.update_document(document=record, version=version, actor=request.user, **facts))

    @extend_schema(request={"multipart/form-data": DocumentVersionIn}, responses={201: DocumentOut})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """A newer file under the same title."""
        record, version, facts = self.record(pk), self.shown_version(request), self.read(DocumentVersionIn)
        made = services.add_version(
            document=record, version=version, actor=request.user, upload=facts["file"], note=facts.get("note", "")
        )
        return self.again(made, 201)

    @extend_schema(responses={200: VersionOut(many=True)}, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """All its files, newest first."""
        rows = self.record(pk).versions.order_by("-number")
        return Response(VersionOut(rows, many=True).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], url_path=r"versions/(?P<number>\d{1,9})/file")
    def file(self, request: Request, pk: str, number: str) -> FileResponse:
        """The file of one version."""
        record = self.record(pk)
        return download(get_object_or_404(record.versions, number=number))

    @extend_schema(request=AboutIn, responses=DocumentOut)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: str) -> Response:
        """Hang it on one more record."""
        record = self.record(pk)
        services.link_document(document=record, actor=request.user, **self._place(self.read(AboutIn)["about"]))
        return self.again(record)

    @extend_schema(request=AboutIn, responses=DocumentOut)
    @action(detail=True, methods=["post"])
    def unlink(self, request: Request, pk: str) -> Response:
        """Take it off a record."""
        record = self.record(pk)
        services.unlink_document(document=record, actor=request.user, **self._place(self.read(AboutIn)["about"]))
        return self.again(record)

    @extend_schema(request=ReasonIn, responses=DocumentOut)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: str) -> Response:
        """Take it out of lists."""
        record, version = self.record(pk), self.shown_version(request)
        done = services.archive_document(document=record, version=version, actor=request.user, **self.read(ReasonIn))
        return self.again(done)

    @extend_schema(request=None, responses=DocumentOut)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        record, version = self.record(pk), self.shown_version(request)
        return self.again(services.restore_document(document=record, version=version, actor=request.user))

    def _place(self, about: str) -> dict[str, Any]:
        """The record that `about` names, for somebody who sees it and may change such records."""
        shelf, record = record_of(about, self.request.user)
        require(self.request.user, shelf.permission)
        return {"link": shelf.link, "record": record}
