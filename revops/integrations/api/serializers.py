"""What the API takes and shows of imports and change requests."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from revops.core.api.serializers import OutSerializer, StrictSerializer
from revops.integrations.models import ImportRow, ImportRun, SystemChangeRequest
from revops.integrations.reading import DELIMITERS, ENCODINGS
from revops.users.models import User


class ImportOut(OutSerializer):
    """An import: its file, its mapping, its counts."""

    class Meta:
        model = ImportRun
        fields = [
            "id", "kind", "state", "system", "file_name", "size", "sha256", "encoding", "delimiter", "date_order",
            "decimal_sign", "sheets", "sheet", "columns", "mapping", "allow_duplicates", "row_count", "counts",
            "remarks", "job", "created_by", "created_at", "committed_at", "undone_at", "version",
        ]  # fmt: skip


class ImportRowOut(OutSerializer):
    """A row of the file with what the plan says of it."""

    class Meta:
        model = ImportRow
        fields = [
            "id", "number", "raw", "verdict", "label", "errors", "notes", "changes", "record_id", "outcome", "kept",
        ]  # fmt: skip


class UploadIn(StrictSerializer):
    """multipart/form-data: the file, and what its rows are."""

    kind = serializers.CharField(max_length=40)
    file = serializers.FileField(allow_empty_file=True)
    system = serializers.CharField(max_length=40, required=False, default="")


class MappingIn(StrictSerializer):
    """Which column (its place, from 0) fills which field, and how the file is written."""

    mapping = serializers.DictField(child=serializers.CharField(max_length=40, allow_blank=True))
    date_order = serializers.ChoiceField(choices=["dmy", "mdy"], required=False)
    decimal_sign = serializers.ChoiceField(choices=[".", ","], required=False)
    system = serializers.CharField(max_length=40, required=False)
    encoding = serializers.ChoiceField(choices=list(ENCODINGS), required=False)
    delimiter = serializers.ChoiceField(choices=list(DELIMITERS), required=False)
    sheet = serializers.CharField(required=False, max_length=120, help_text="Of a workbook; the first by default.")
    allow_duplicates = serializers.BooleanField(required=False)


class CorrectIn(StrictSerializer):
    """A row by its number: what it should say, by field; or leave it out."""

    row = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    cells = serializers.DictField(child=serializers.CharField(max_length=10_000, allow_blank=True), required=False)
    leave_out = serializers.BooleanField(required=False, default=False)


class CommitIn(StrictSerializer):
    """`go_on` false stops at refused rows."""

    go_on = serializers.BooleanField(required=False, default=True)


class ExportIn(StrictSerializer):
    """A list page and its filter: {"list": "accounts", "query": {"industry": "retail"}}; `job` for a file later."""

    list = serializers.CharField(max_length=60)
    query: Any = serializers.DictField(child=serializers.CharField(max_length=400), required=False, default=dict)
    format = serializers.ChoiceField(choices=["csv", "xlsx"], required=False, default="csv")
    job = serializers.BooleanField(required=False, default=False)


class ChangeRequestOut(OutSerializer):
    """A request to change a system."""

    class Meta:
        model = SystemChangeRequest
        fields = [
            "id", "title", "details", "sponsor", "expected_benefit", "measured_benefit", "status", "created_by",
            "approved_by", "approved_at", "done_on", "measure_on", "created_at", "updated_at", "version",
        ]  # fmt: skip


@extend_schema_field(OpenApiTypes.INT)
class ColleagueField(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """Somebody who is with us."""

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return User.objects.visible_to(request.user).working() if request else User.objects.none()


class ChangeRequestIn(StrictSerializer):
    """What is to change, who answers for it, and what it is to bring."""

    title = serializers.CharField(max_length=200)
    details = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    sponsor = ColleagueField(required=False, allow_null=True)
    expected_benefit = serializers.CharField(max_length=400, required=False, allow_blank=True)


class BenefitIn(StrictSerializer):
    """What the change brought."""

    measured_benefit = serializers.CharField(max_length=400)
