"""The deal desk in the administration: rules are rows, changed through the services; quotes are to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from opportunities import services
from opportunities.models import ApprovalRequest, ApprovalRule, ApprovalStep, Quote, QuoteLine
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin, VersionedForm


class RuleForm(VersionedForm):
    """A limit and who decides about what lies beyond it."""

    class Meta:
        model = ApprovalRule
        fields = ["name", "priority", "min_amount", "currency", "margin_below", "approvers", "is_active"]


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(ServiceAdmin):
    form = RuleForm
    list_display = ["name", "priority", "min_amount", "currency", "margin_below", "approvers", "is_active"]
    list_filter = ["is_active"]
    ordering = ["priority", "pk"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_approval_rule(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_approval_rule(rule=record, version=version, actor=actor, **values)


class RowsInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class LineInline(RowsInline):
    model = QuoteLine
    fields = ["position", "description", "quantity", "unit_price", "discount", "allocated_discount", "net", "tax"]


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    list_display = ["number", "opportunity", "status", "net", "total", "currency", "valid_until"]
    list_filter = ["status", "valid_until"]
    list_select_related = ["opportunity"]
    search_fields = ["number"]
    show_full_result_count = False
    inlines = [LineInline]


class StepInline(RowsInline):
    model = ApprovalStep
    fk_name = "request"
    fields = ["position", "role", "approver", "status", "decided_by", "decided_at", "note"]


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    list_display = ["quote", "rule", "status", "submitted_by", "created_at"]
    list_filter = ["status", "rule"]
    list_select_related = ["quote", "rule", "submitted_by"]
    show_full_result_count = False
    inlines = [StepInline]
