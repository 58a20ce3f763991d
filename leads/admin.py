"""The administrator's console for leads: settings are made and changed here, each through its service."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads import growth_admin as growth_admin
from leads import prospecting_admin as prospecting_admin
from leads import services
from leads.models import (
    Assignment,
    Competitor,
    CultivationPlan,
    DataQualityIssue,
    DataSource,
    DisqualifyReason,
    DuplicatePair,
    EngagementRule,
    EnrichmentProvider,
    EnrichmentRun,
    FitRule,
    FunnelSnapshot,
    Handoff,
    Lead,
    LeadFinancials,
    LeadQueue,
    LearningSetup,
    MarketFact,
    ModelDrift,
    NamedAccount,
    PartnerDelivery,
    PoolMember,
    ResearchBrief,
    ResearchPartner,
    RoutingPool,
    RoutingRule,
    RuleCard,
    Scorecard,
    ScoreGroup,
    ScoringModel,
    TargetMarket,
)
from leads.selectors.scoring import CRITERIA
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin

WEIGHTS = [f"{name}_weight" for name in CRITERIA]


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    """To find and to route; leads are worked on in the product."""

    list_display = ["name", "company", "status", "owner", "queue", "source", "created_at"]
    list_select_related = ["owner", "queue"]
    list_filter = ["status", "queue"]
    search_fields = ["company", "last_name", "email_key"]
    show_full_result_count = False
    actions = ["route", "score"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        return Lead.objects.visible_to(request.user)

    @admin.action(description=gettext_lazy("Route those that nobody holds"))
    def route(self, request: HttpRequest, queryset: QuerySet[Lead]) -> None:
        held = [services.route_lead(lead=lead, actor=request.user) for lead in queryset.filter(owner__isnull=True)]
        done = sum(1 for row in held if row is not None and row.user_id)
        messages.success(request, _("%(done)s of %(all)s routed to a person.") % {"done": done, "all": len(held)})

    @admin.action(description=gettext_lazy("Compute both scores again"))
    def score(self, request: HttpRequest, queryset: QuerySet[Lead]) -> None:
        for lead in queryset:
            services.score_fit(lead=lead, actor=request.user)
            services.score_qualification(lead=lead, actor=request.user)
        messages.success(request, _("Scores are up to date."))


@admin.register(DuplicatePair)
class DuplicatePairAdmin(ReadOnlyAdmin):
    list_display = ["kind", "low_id", "high_id", "score", "state", "later_until", "decided_by", "decided_at"]
    list_select_related = ["decided_by"]
    list_filter = ["kind", "state"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DuplicatePair]:
        return DuplicatePair.objects.visible_to(request.user)


@admin.register(Handoff)
class HandoffAdmin(ReadOnlyAdmin):
    list_display = ["lead", "from_user", "to_user", "status", "sla_due_at", "escalated_at", "decided_at"]
    list_select_related = ["lead", "from_user", "to_user"]
    list_filter = ["status"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handoff]:
        return Handoff.objects.visible_to(request.user)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    list_display = ["lead", "user", "queue", "pool", "reason", "assigned_at", "is_current"]
    list_select_related = ["lead", "user", "queue", "pool"]
    list_filter = ["is_current", "pool"]
    show_full_result_count = False


@admin.register(Scorecard)
class ScorecardAdmin(ServiceAdmin):
    """A version is never edited: adding one makes the next, which takes over at once."""

    list_display = ["number", *WEIGHTS, "threshold", "is_active"]
    fields = [*WEIGHTS, "threshold"]
    ordering = ["-number"]
    actions = ["new_version"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        weights = {name: Decimal(values[f"{name}_weight"]) for name in CRITERIA}
        return services.create_scorecard(actor=actor, weights=weights, threshold=values["threshold"])

    @admin.action(description=gettext_lazy("Put this version in force again, as a new one"), permissions=["add"])
    def new_version(self, request: HttpRequest, queryset: QuerySet[Scorecard]) -> None:
        chosen = queryset.first()
        if chosen is None or queryset.count() != 1:
            messages.error(request, _("Choose one version."))
            return
        weights = {name: getattr(chosen, f"{name}_weight") for name in CRITERIA}
        made = services.create_scorecard(actor=request.user, weights=weights, threshold=chosen.threshold)
        messages.success(request, _("%(card)s is in force.") % {"card": made})


class SettingAdmin(ServiceAdmin):
    """One setting, one service."""

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_setting(record=self.model(**values), actor=actor)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        found: Model = services.edit_setting(record=record, version=version, actor=actor, **values)
        return found


@admin.register(FitRule)
class FitRuleAdmin(SettingAdmin):
    list_display = ["name", "field", "values", "at_least", "at_most", "points", "is_active"]
    list_filter = ["field", "is_active"]


@admin.register(DisqualifyReason)
class DisqualifyReasonAdmin(SettingAdmin):
    list_display = ["label", "is_active"]


@admin.register(LeadQueue)
class LeadQueueAdmin(SettingAdmin):
    list_display = ["name", "owner", "is_fallback", "is_manual"]
    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PoolMember
    fields = ["position", "user", "weight", "monthly_capacity"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(RoutingPool)
class RoutingPoolAdmin(SettingAdmin):
    list_display = ["name", "is_default", "answer_minutes", "working_hours"]
    inlines = [MemberInline]

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        if formset.has_changed():
            rows = [row for row in formset.cleaned_data if row and not row.get("DELETE")]
            members = sorted(rows, key=lambda row: row.get("position") or 0)
            services.set_members(pool=record, members=members, actor=actor)


@admin.register(RoutingRule)
class RoutingRuleAdmin(SettingAdmin):
    list_display = ["priority", "name", "sources", "industries", "countries", "pool", "is_active"]
    list_display_links = ["name"]
    list_select_related = ["pool"]
    list_filter = ["is_active"]


@admin.register(TargetMarket)
class TargetMarketAdmin(ReadOnlyAdmin):
    """Built and put in force in the product, where the preview stands beside the criteria."""

    list_display = ["name", "number", "status", "product", "tam_accounts", "activated_at", "activated_by"]
    list_select_related = ["product", "activated_by"]
    list_filter = ["status"]
    search_fields = ["name"]


@admin.register(NamedAccount)
class NamedAccountAdmin(ServiceAdmin):
    """Whose a company is before there is an account."""

    list_display = ["company", "domain", "user", "is_active"]
    list_select_related = ["user"]
    list_filter = ["is_active"]
    search_fields = ["company", "domain"]
    autocomplete_fields = ["user"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.name_account(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.change_named_account(row=record, version=version, actor=actor, **values)


@admin.register(EnrichmentProvider)
class EnrichmentProviderAdmin(ReadOnlyAdmin):
    """Set up in the product's own settings, where its secret is taken and sealed."""

    list_display = ["name", "kind", "is_active", "rate_per_minute", "failures", "open_until"]
    list_filter = ["is_active"]
    exclude = ["secret"]


@admin.register(EnrichmentRun)
class EnrichmentRunAdmin(ReadOnlyAdmin):
    list_display = ["lead", "provider", "day", "status", "attempts", "next_try_at", "error"]
    list_select_related = ["lead", "provider"]
    list_filter = ["status", "provider"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[EnrichmentRun]:
        return EnrichmentRun.objects.visible_to(request.user)


@admin.register(LeadFinancials)
class LeadFinancialsAdmin(ReadOnlyAdmin):
    list_display = ["lead", "revenue", "currency", "employees", "credit_rating", "source", "as_of"]
    list_select_related = ["lead"]
    search_fields = ["lead__company"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadFinancials]:
        seen: QuerySet[LeadFinancials] = super().get_queryset(request)
        return seen.filter(lead__in=Lead.objects.visible_to(request.user))


@admin.register(ScoringModel)
class ScoringModelAdmin(ReadOnlyAdmin):
    """Versions are trained, published and taken back on the page of scoring."""

    list_display = ["number", "algorithm", "status", "trained_at", "published_at", "retired_at"]
    list_filter = ["status", "algorithm"]
    ordering = ["-number"]


@admin.register(RuleCard)
class RuleCardAdmin(ReadOnlyAdmin):
    list_display = ["number", "fit_share", "a_from", "b_from", "c_from", "is_active", "created_at"]
    ordering = ["-number"]


@admin.register(ModelDrift)
class ModelDriftAdmin(ReadOnlyAdmin):
    list_display = ["model", "kind", "name", "value", "limit", "found_at", "seen_at"]
    list_select_related = ["model"]
    list_filter = ["kind"]


@admin.register(LearningSetup)
class LearningSetupAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "outcome", "age_field", "window_days", "known_later"]


@admin.register(ScoreGroup)
class ScoreGroupAdmin(SettingAdmin):
    list_display = ["name", "side", "cap"]


@admin.register(EngagementRule)
class EngagementRuleAdmin(SettingAdmin):
    list_display = ["name", "event", "contains", "points", "group", "decay", "is_active"]
    list_select_related = ["group"]
    list_filter = ["event", "is_active"]


@admin.register(CultivationPlan)
class CultivationPlanAdmin(ReadOnlyAdmin):
    """Leads are cultivated on their pages; here plans are looked up."""

    list_display = ["lead", "stage", "next_touch_on", "reminded_at"]
    list_filter = ["stage"]
    list_select_related = ["lead"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return CultivationPlan.objects.visible_to(request.user)


@admin.register(FunnelSnapshot)
class FunnelSnapshotAdmin(ReadOnlyAdmin):
    list_display = ["on", "status", "owner", "queue", "source", "count"]
    list_filter = ["status"]
    list_select_related = ["owner", "queue"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return FunnelSnapshot.objects.visible_to(request.user)


@admin.register(ResearchBrief)
class ResearchBriefAdmin(ReadOnlyAdmin):
    list_display = ["subject", "owner", "due_on", "created_at"]
    list_select_related = ["lead", "account", "owner"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResearchBrief]:
        return ResearchBrief.objects.visible_to(request.user)


@admin.register(ResearchPartner)
class ResearchPartnerAdmin(SettingAdmin):
    list_display = ["name", "kind", "cost_per_record", "currency", "licence_expires_on", "is_active"]
    search_fields = ["name"]


@admin.register(PartnerDelivery)
class PartnerDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["partner", "file_name", "rows_total", "rows_created", "rows_matched", "rows_rejected", "cost"]
    list_select_related = ["partner"]
    exclude = ["rows"]
    show_full_result_count = False


@admin.register(DataSource)
class DataSourceAdmin(SettingAdmin):
    list_display = ["name", "kind", "url", "is_active"]
    search_fields = ["name"]


@admin.register(Competitor)
class CompetitorAdmin(SettingAdmin):
    list_display = ["name", "website", "is_active"]
    search_fields = ["name"]


@admin.register(MarketFact)
class MarketFactAdmin(SettingAdmin):
    list_display = ["metric", "geography", "value", "unit", "as_of", "source", "competitor"]
    list_select_related = ["source", "competitor"]
    autocomplete_fields = ["source", "competitor"]


@admin.register(DataQualityIssue)
class DataQualityIssueAdmin(ReadOnlyAdmin):
    list_display = ["rule", "severity", "lead", "account", "contact", "found_at", "closed_at"]
    list_select_related = ["lead", "account", "contact"]
    list_filter = ["rule", "severity"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataQualityIssue]:
        return DataQualityIssue.objects.visible_to(request.user)
