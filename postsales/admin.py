"""Levels of service in Django admin; cases have their own pages."""

from typing import Any

from django.contrib import admin
from django.db.models import Model

from postsales import services
from postsales.models import SlaBreach, SlaPolicy, SlaTarget
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin


class TargetInline(admin.TabularInline):  # type: ignore[type-arg]
    model = SlaTarget
    extra = 0
    max_num = 5


@admin.register(SlaPolicy)
class SlaPolicyAdmin(ServiceAdmin):
    list_display = ["name", "calendar", "is_default", "restart_on_reopen"]
    list_select_related = ["calendar"]
    inlines = [TargetInline]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_policy(actor=actor, targets=(), **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_policy(policy=record, version=version, actor=actor, **values)

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        if formset.has_changed():
            rows = [row for row in formset.cleaned_data if row and not row.get("DELETE")]
            names = ("priority", "response_minutes", "resolution_minutes", "around_the_clock")
            targets = [tuple(row[name] for name in names) for row in rows]
            services.set_targets(policy=record, targets=targets, actor=actor)  # type: ignore[arg-type]


@admin.register(SlaBreach)
class SlaBreachAdmin(ReadOnlyAdmin):
    list_display = ["case", "target", "due_at", "noticed_at"]
    list_filter = ["target"]
    list_select_related = ["case"]
    date_hierarchy = "due_at"
