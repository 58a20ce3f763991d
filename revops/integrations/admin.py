"""The administrator's view of imports and webhooks: to read, and to send again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from revops.integrations import services
from revops.integrations.models import (
    HeaderMapping,
    ImportRun,
    SystemChangeRequest,
    Webhook,
    WebhookAttempt,
    WebhookMessage,
)
from revops.integrations.selectors import message_list, webhook_list


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


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    """Webhooks; made and changed on their own pages. Secrets are not shown, sealed or not."""

    list_display = ("name", "url", "state", "owner", "failing_since", "disabled_reason", "archived_at")
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("name", "url")
    exclude = ("secret", "previous_secret")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        return webhook_list(viewer=request.user)


class AttemptInline(admin.TabularInline):  # type: ignore[type-arg]
    """Every try of a message."""

    model = WebhookAttempt
    fields = readonly_fields = ("at", "status", "milliseconds", "error", "answer")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(WebhookMessage)
class WebhookMessageAdmin(ReadOnly):
    """The delivery log, and replay."""

    list_display = ("created_at", "webhook", "name", "state", "tries", "next_try_at", "last_error")
    list_filter = ("state", "name")
    list_select_related = ("webhook",)
    search_fields = ("=uid",)
    inlines = (AttemptInline,)
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookMessage]:
        return message_list(viewer=request.user).order_by("-pk")

    @admin.action(description=_lazy("Send again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookMessage]) -> None:
        """As the pages do it."""
        rows = list(queryset.filter(webhook__archived_at__isnull=True))
        for row in rows:
            services.replay_message(message=row, actor=request.user)
        self.message_user(request, _("%(count)s go again, under the same ids.") % {"count": len(rows)})

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.manage_webhooks")
