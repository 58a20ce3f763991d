"""Campaigns, public forms and partners in the administrator's console."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads import services
from leads.forms_campaigns import IntakeSettingsForm
from leads.models import (
    Campaign,
    CampaignMember,
    CampaignTask,
    ConsentRecord,
    DealRegistration,
    IntakeForm,
    MarketingCost,
    PartnerContact,
    PromotionPartner,
    TouchPoint,
)
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin


class TaskInline(admin.TabularInline):  # type: ignore[type-arg]
    """What is prepared; done on the campaign's page."""

    model = CampaignTask
    fields = ["title", "area", "owner", "due_on", "is_stock", "done_at"]
    readonly_fields = ["title", "area", "owner", "due_on", "is_stock", "done_at"]
    extra = max_num = 0
    can_delete = False


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """To find, and to count again; campaigns are planned in the product."""

    list_display = ["name", "code", "status", "owner", "starts_on", "ends_on", "lead_count", "actual_cost", "currency"]
    list_select_related = ["owner"]
    list_filter = ["status", "kind", "channel"]
    search_fields = ["name", "code"]
    inlines = [TaskInline]
    actions = ["count_again"]

    @admin.action(description=gettext_lazy("Count their rows again"))
    def count_again(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        for campaign in queryset:
            services.rollup_campaign(campaign=campaign, actor=request.user)
        messages.success(request, _("Their totals are those of their rows."))


@admin.register(CampaignMember)
class CampaignMemberAdmin(ReadOnlyAdmin):
    list_display = ["campaign", "lead", "contact", "status", "responded_at"]
    list_select_related = ["campaign", "lead", "contact"]
    list_filter = ["status"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CampaignMember]:
        return CampaignMember.objects.visible_to(request.user)


@admin.register(TouchPoint)
class TouchPointAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "campaign", "lead", "contact", "utm_source", "utm_campaign"]
    list_select_related = ["campaign", "lead", "contact"]
    list_filter = ["kind"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[TouchPoint]:
        return TouchPoint.objects.visible_to(request.user)


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadOnlyAdmin):
    """The proof: words, moment, address."""

    list_display = ["given_at", "email", "form", "address", "lead", "contact"]
    list_select_related = ["form", "lead", "contact"]
    list_filter = ["form"]
    search_fields = ["=email"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentRecord]:
        return ConsentRecord.objects.visible_to(request.user)


@admin.register(MarketingCost)
class MarketingCostAdmin(ServiceAdmin):
    """Added, never changed: a correction is a row below zero."""

    list_display = ["on", "kind", "source", "amount", "currency", "campaign"]
    list_select_related = ["campaign"]
    list_filter = ["kind"]
    fields = ["kind", "source", "amount", "currency", "on", "campaign"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.record_cost(actor=actor, **values)


@admin.register(IntakeForm)
class IntakeFormAdmin(ServiceAdmin):
    list_display = ["name", "key", "is_active", "campaign", "source"]
    list_select_related = ["campaign"]
    fields = [*IntakeSettingsForm.Meta.fields]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_form(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_form(form=record, version=version, actor=actor, **values)


class ContactInline(admin.TabularInline):  # type: ignore[type-arg]
    """Who is known there; added on the partner's page."""

    model = PartnerContact
    fields = ["name", "email", "phone", "user"]
    readonly_fields = ["name", "email", "phone", "user"]
    extra = max_num = 0
    can_delete = False


@admin.register(PromotionPartner)
class PromotionPartnerAdmin(ServiceAdmin):
    list_display = ["name", "tier", "fee_pct", "owner", "is_active"]
    list_select_related = ["owner"]
    list_filter = ["tier", "is_active"]
    search_fields = ["name"]
    autocomplete_fields = ["owner"]
    fields = ["name", "tier", "fee_pct", "website", "owner", "is_active"]
    inlines = [ContactInline]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_partner(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_partner(partner=record, version=version, actor=actor, **values)


@admin.register(DealRegistration)
class DealRegistrationAdmin(ReadOnlyAdmin):
    """Decided in the product; those whose days are over can be closed here, as the clock does daily."""

    list_display = ["company", "partner", "status", "protected_until", "reason", "decided_at"]
    list_select_related = ["partner"]
    list_filter = ["status", "partner"]
    search_fields = ["company", "=domain"]
    actions = ["expire"]

    @admin.action(description=gettext_lazy("Expire all whose days are over"))
    def expire(self, request: HttpRequest, _queryset: QuerySet[DealRegistration]) -> None:
        done = services.expire_registrations(actor=request.user)
        messages.success(request, _("%(count)s have run out.") % {"count": done})
