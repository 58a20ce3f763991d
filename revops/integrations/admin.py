"""The administrator's view of imports: to read, not to write."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from revops.integrations import services
from revops.integrations.models import HeaderMapping, ImportRun, SystemChangeRequest


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing is changed here: the import's own pages do that."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnly):
    """Imports with their counts."""

    list_display = ("file_name", "kind", "state", "row_count", "created_by", "created_at")
    list_filter = ("kind", "state")
    list_select_related = ("created_by",)
    search_fields = ("file_name", "sha256")


@admin.register(HeaderMapping)
class HeaderMappingAdmin(ReadOnly):
    """How heads were mapped last time."""

    list_display = ("kind", "signature", "system", "updated_at")
    list_filter = ("kind",)


@admin.register(SystemChangeRequest)
class ChangeRequestAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Change requests; decided on their own pages."""

    list_display = ("title", "status", "sponsor", "expected_benefit", "measure_on", "measured_benefit")
    list_filter = ("status",)
    list_select_related = ("sponsor",)
    search_fields = ("title",)
    fields = ("title", "details", "sponsor", "expected_benefit")
    autocomplete_fields = ("sponsor",)
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SystemChangeRequest, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            services.update_change(request=obj, version=None, actor=request.user, **values)
        else:
            made = services.propose_change(actor=request.user, **values)
            obj.pk = made.pk
