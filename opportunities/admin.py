"""Deals in the administration: pipelines, stages and reasons are changed through services; the rest is to look at."""

from typing import Any

from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import Model
from django.forms import CharField
from django.http import HttpRequest

from opportunities import (
    admin_quotes,  # noqa: F401  registers the deal desk
    services,
)
from opportunities.models import (
    LossReason,
    Need,
    NeedsAnalysis,
    Opportunity,
    OpportunitySplit,
    OpportunityTeamMember,
    Pipeline,
    Stage,
    StageHistory,
)
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin, VersionedForm


class StageForm(VersionedForm):
    """A stage; what it requires is a list of field names."""

    requires = SimpleArrayField(CharField(max_length=40), required=False, help_text="amount, close_on, account …")

    class Meta:
        model = Stage
        fields = ["position", "key", "label", "kind", "probability", "category", "requires", "quiet_days"]


class StageInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Stage
    form = StageForm
    extra = 0
    can_delete = False
    ordering = ["position"]


@admin.register(Pipeline)
class PipelineAdmin(ServiceAdmin):
    list_display = ["name", "is_default"]
    inlines = [StageInline]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_pipeline(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_pipeline(pipeline=record, version=version, actor=actor, **values)

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        for form in formset.forms:
            if not form.has_changed():
                continue
            values = {name: form.cleaned_data[name] for name in form.changed_data if name in StageForm.Meta.fields}
            if form.instance.pk:
                stage, version = Stage._base_manager.get(pk=form.instance.pk), form.cleaned_data.get("shown_version")
                services.update_stage(stage=stage, version=version, actor=actor, **values)
            else:
                services.create_stage(pipeline=record, actor=actor, **values)


@admin.register(LossReason)
class LossReasonAdmin(ServiceAdmin):
    list_display = ["label", "is_active"]
    list_filter = ["is_active"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_loss_reason(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_loss_reason(reason=record, version=version, actor=actor, **values)


class RowsInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows to look at."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """All of them: a form refuses to be built over a column that is not editable."""
        return list(self.fields or ())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("opportunities.view_opportunity")


class SplitInline(RowsInline):
    model = OpportunitySplit
    fields = ["user", "kind", "percent", "amount"]


class MoveInline(RowsInline):
    model = StageHistory
    fields = ["at", "from_stage", "to_stage", "by", "seconds_in_stage"]


class NeedInline(RowsInline):
    model = Need
    fields = ["statement", "kind", "level", "origin", "priority", "created_by"]


@admin.register(NeedsAnalysis)
class NeedsAnalysisAdmin(ReadOnlyAdmin):
    """Needs are written down on the page of the lead or opportunity; here they are looked up."""

    list_display = ["__str__", "status", "created_by", "created_at"]
    list_filter = ["status"]
    list_select_related = ["lead", "opportunity", "created_by"]
    inlines = [NeedInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return NeedsAnalysis.objects.visible_to(request.user)


class TeamInline(RowsInline):
    model = OpportunityTeamMember
    fields = ["user", "role", "joined_at", "left_at"]


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnlyAdmin):
    """Deals are worked on in the product; here they are looked up."""

    list_display = ["number", "name", "account", "owner", "stage", "status", "amount", "currency", "close_on"]
    list_filter = ["status", "stage", "category", "imported"]
    list_select_related = ["account", "owner", "stage"]
    search_fields = ["name", "=pk", "=external_id"]
    show_full_result_count = False
    inlines = [SplitInline, TeamInline, MoveInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return Opportunity.objects.visible_to(request.user)
