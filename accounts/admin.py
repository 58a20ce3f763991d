"""The administrator's console for accounts; every save calls a service."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts import services
from accounts.models import (
    Account,
    Activity,
    ActivitySeries,
    Channel,
    Contact,
    ContactRole,
    Territory,
    TerritoryModel,
    TerritoryRule,
)
from accounts.services.accounts import FIELDS as ACCOUNT_FIELDS
from accounts.services.channels import FIELDS as CHANNEL_FIELDS
from accounts.services.contacts import FIELDS as CONTACT_FIELDS
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin, VersionedForm


class AccountForm(VersionedForm):
    class Meta:
        model = Account
        fields = list(ACCOUNT_FIELDS)


@admin.register(Account)
class AccountAdmin(ServiceAdmin):
    form = AccountForm
    list_display = ["name", "owner", "industry", "country", "archived_at"]
    list_select_related = ["owner"]
    list_filter = ["kind", "tier"]
    search_fields = ["name", "domain", "external_id"]
    autocomplete_fields = ["owner", "parent", "channel"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Account.objects.visible_to(request.user)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_account(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_account(account=record, version=version, actor=actor, **values)


class ContactForm(VersionedForm):
    class Meta:
        model = Contact
        fields = list(CONTACT_FIELDS)


class RoleInline(admin.TabularInline):  # type: ignore[type-arg]
    """What a contact has to say, to look at."""

    model = ContactRole
    extra = 0
    can_delete = False
    fields = ("role", "product")
    readonly_fields = ("role", "product")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.view_contact")


@admin.register(Contact)
class ContactAdmin(ServiceAdmin):
    form = ContactForm
    inlines = [RoleInline]
    list_display = ["name", "account", "title", "email", "owner"]
    list_select_related = ["account", "owner"]
    list_filter = ["role"]
    search_fields = ["last_name", "first_name", "email_key"]
    autocomplete_fields = ["owner", "account"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Contact.objects.visible_to(request.user)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_contact(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_contact(contact=record, version=version, actor=actor, **values)


@admin.register(Activity)
class ActivityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To read: activities are written where they belong."""

    list_display = ["subject", "kind", "status", "owner", "due_at", "happened_at"]
    list_select_related = ["owner"]
    list_filter = ["kind", "status"]
    search_fields = ["subject"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return Activity.objects.visible_to(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ActivitySeries)
class ActivitySeriesAdmin(ReadOnlyAdmin):
    """To read: what repeats is begun, changed and ended where it is planned."""

    list_display = ["subject", "kind", "rule", "zone", "starts_at", "ended_at"]
    list_filter = ["kind"]
    search_fields = ["subject"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return ActivitySeries.objects.visible_to(request.user)


@admin.register(Territory)
class TerritoryAdmin(ServiceAdmin):
    list_display = ["name"]
    search_fields = ["name"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_territory(actor=actor, name=values["name"])

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        name = values.get("name", record.name)
        return services.rename_territory(territory=record, version=version, actor=actor, name=name)


class ChannelForm(VersionedForm):
    class Meta:
        model = Channel
        fields = list(CHANNEL_FIELDS)


@admin.register(Channel)
class ChannelAdmin(ServiceAdmin):
    form = ChannelForm
    list_display = ["name", "kind", "owner", "archived_at"]
    list_select_related = ["owner"]
    list_filter = ["kind"]
    search_fields = ["name"]
    autocomplete_fields = ["owner"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_channel(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_channel(channel=record, version=version, actor=actor, **values)


@admin.register(TerritoryModel)
class TerritoryModelAdmin(ReadOnlyAdmin):
    """To read: models are planned and brought into force on the page of territories."""

    list_display = ["name", "status", "keeps_hand", "previewed_at", "activated_at", "archived_at"]
    list_filter = ["status"]


@admin.register(TerritoryRule)
class TerritoryRuleAdmin(ReadOnlyAdmin):
    list_display = ["territory", "model", "owner", "priority", "catch_all"]
    list_select_related = ["territory", "model", "owner"]
    list_filter = ["model"]
