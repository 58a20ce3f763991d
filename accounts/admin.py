"""The administrator's console for accounts: it reads freely and writes through services."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts import services
from accounts.models import Account, Activity, Contact, Territory


class ServiceAdmin(admin.ModelAdmin[Any]):
    """Nothing is deleted here, and no count is taken over a large table."""

    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model._default_manager.visible_to(request.user)  # type: ignore[attr-defined]


@admin.register(Account)
class AccountAdmin(ServiceAdmin):
    list_display = ("name", "owner", "industry", "country", "archived_at")
    list_select_related = ("owner",)
    list_filter = ("kind", "tier")
    search_fields = ("name", "domain", "external_id")
    autocomplete_fields = ("owner", "parent")
    readonly_fields = ("domain", "external_system", "external_id", "archived_at", "version", "created_at", "updated_at")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service, so that it is checked and logged."""
        facts = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            services.update_account(account=obj, version=None, actor=request.user, **facts)
        else:
            made = services.create_account(
                actor=request.user, allow_duplicate=True, **{"name": obj.name, "owner": obj.owner, **facts}
            )
            obj.pk, obj.version = made.pk, made.version


@admin.register(Contact)
class ContactAdmin(ServiceAdmin):
    list_display = ("name", "account", "title", "email", "owner")
    list_select_related = ("account", "owner")
    list_filter = ("role",)
    search_fields = ("last_name", "first_name", "email_key")
    autocomplete_fields = ("owner", "account")
    readonly_fields = ("external_system", "external_id", "archived_at", "version", "created_at", "updated_at")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service, so that it is checked and logged."""
        facts = {name: form.cleaned_data[name] for name in form.changed_data}
        if change:
            services.update_contact(contact=obj, version=None, actor=request.user, **facts)
        else:
            shown = {"account": obj.account, "last_name": obj.last_name, **facts}
            made = services.create_contact(actor=request.user, allow_duplicate=True, **shown)
            obj.pk, obj.version = made.pk, made.version


@admin.register(Activity)
class ActivityAdmin(ServiceAdmin):
    list_display = ("subject", "kind", "status", "owner", "due_at", "happened_at")
    list_select_related = ("owner",)
    list_filter = ("kind", "status")
    search_fields = ("subject",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin[Territory]):
    list_display = ("name",)
    search_fields = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service, so that it is checked and logged."""
        if change:
            services.rename_territory(territory=obj, actor=request.user, name=form.cleaned_data["name"])
        else:
            obj.pk = services.create_territory(actor=request.user, name=obj.name).pk
