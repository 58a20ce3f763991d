"""Periods, quotas and compensation in Django admin. Pay is shown to the roles that may see it, and to nobody else."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from forecasting import services
from forecasting.models.compensation import Component, CompPlan, PlanAssignment, PlanVersion
from forecasting.models.credits import Credit
from forecasting.models.goals import Goal
from forecasting.models.ledger import CommissionRun, LedgerEntry
from forecasting.models.pay_scope import MANAGES, SEES_ALL, holds
from forecasting.models.periods import FiscalPeriod
from forecasting.models.quotas import Quota
from forecasting.models.statements import Statement, StatementLine
from revops.core.admin import ReadOnlyAdmin, ServiceAdmin, VersionedForm
from revops.core.errors import DomainError, InvalidInput


def each(modeladmin: Any, request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], Any]) -> None:
    """Call a service for every ticked row, and say what came of it."""
    done = 0
    for row in rows:
        try:
            act(row)
            done += 1
        except DomainError as error:
            modeladmin.message_user(request, f"{row}: {error.message}", messages.ERROR)
    if done:
        modeladmin.message_user(request, _("Done: %(count)s.") % {"count": done})


@admin.register(FiscalPeriod)
class FiscalPeriodAdmin(ReadOnlyAdmin):
    list_display = ["label", "kind", "first_on", "last_on", "status"]
    list_filter = ["kind", "status"]
    search_fields = ["label"]
    actions = ["open_next", "review", "close", "lock"]

    @admin.action(description=_("Open"))
    def open_next(self, request: HttpRequest, queryset: QuerySet[FiscalPeriod]) -> None:
        each(self, request, queryset, lambda row: services.open_period(period=row, version=None, actor=request.user))

    @admin.action(description=_("Calculate and put in review"))
    def review(self, request: HttpRequest, queryset: QuerySet[FiscalPeriod]) -> None:
        each(self, request, queryset, lambda row: services.review_period(period=row, version=None, actor=request.user))

    @admin.action(description=_("Publish statements and close"))
    def close(self, request: HttpRequest, queryset: QuerySet[FiscalPeriod]) -> None:
        def act(row: FiscalPeriod) -> None:
            services.close_reviewed_period(period=row, version=None, actor=request.user)

        each(self, request, queryset, act)

    @admin.action(description=_("Lock"))
    def lock(self, request: HttpRequest, queryset: QuerySet[FiscalPeriod]) -> None:
        each(self, request, queryset, lambda row: services.lock_period(period=row, version=None, actor=request.user))


@admin.register(Quota)
class QuotaAdmin(ServiceAdmin):
    list_display = ["user", "team", "period", "number", "amount", "currency", "status"]
    list_filter = ["status", "metric", "period__kind"]
    list_select_related = ["user", "team", "period"]
    autocomplete_fields = ["user"]
    actions = ["propose", "approve", "activate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quota]:
        return Quota.objects.visible_to(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "team", "metric", "period", "number", "currency") if obj else ("number",)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_quota(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        amount = values.get("amount", record.amount)
        return services.update_quota(quota=record, version=version, actor=actor, amount=amount)

    @admin.action(description=_("Propose"))
    def propose(self, request: HttpRequest, queryset: QuerySet[Quota]) -> None:
        each(self, request, queryset, lambda row: services.propose_quota(quota=row, version=None, actor=request.user))

    @admin.action(description=_("Approve"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Quota]) -> None:
        each(self, request, queryset, lambda row: services.approve_quota(quota=row, version=None, actor=request.user))

    @admin.action(description=_("Put in force"))
    def activate(self, request: HttpRequest, queryset: QuerySet[Quota]) -> None:
        each(self, request, queryset, lambda row: services.activate_quota(quota=row, version=None, actor=request.user))


# Pay --------------------------------------------------------------------------------------


class PayMixin:
    """Only the roles that see everybody's pay get in; being a superuser is not one of them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return holds(request.user, SEES_ALL)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request.user, SEES_ALL)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model.objects.visible_to(request.user)  # type: ignore[attr-defined]


class PayServiceAdmin(PayMixin, ServiceAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return holds(request.user, MANAGES)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request.user, MANAGES)


class PayReadOnlyAdmin(PayMixin, ReadOnlyAdmin):
    show_full_result_count = False


@admin.register(CompPlan)
class CompPlanAdmin(PayServiceAdmin):
    list_display = ["code", "name"]
    search_fields = ["code", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_plan(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_plan(plan=record, version=version, actor=actor, **values)


class ComponentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A component with its tiers in one line."""

    bands = forms.CharField(
        label=_("Tiers"), help_text=_("From amount and per cent, as “0: 2, 270000: 4”. The first starts at 0.")
    )

    class Meta:
        model = Component
        fields = ["name", "metric", "mode", "comparator"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["bands"].initial = tiers_text(self.instance)

    def clean_bands(self) -> list[tuple[Decimal, Decimal]]:
        return parsed_tiers(self.cleaned_data["bands"])


def tiers_text(component: Component) -> str:
    """0: 2, 270000: 4."""
    return ", ".join(f"{plain(row.bound)}: {plain(row.rate)}" for row in component.tiers.all())


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def parsed_tiers(text: str) -> list[tuple[Decimal, Decimal]]:
    """[(0, 2), (270000, 4)] from "0: 2, 270000: 4"."""
    try:
        pairs = [part.split(":") for part in text.split(",")]
        return [(Decimal(bound.strip()), Decimal(rate.strip())) for bound, rate in pairs]
    except (ValueError, InvalidOperation):
        raise forms.ValidationError(_("Write it as “0: 2, 270000: 4”.")) from None


class ComponentInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Component
    form = ComponentForm
    extra = 1

    @admin.display(description=_("Tiers"))
    def bands(self, component: Component) -> str:
        """What stands there once the version is not edited any more."""
        return tiers_text(component)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request.user, SEES_ALL)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request.user, MANAGES) and (obj is None or obj.is_editable)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)


class PlanVersionForm(VersionedForm):
    """Two days instead of a range."""

    first_on = forms.DateField(label=_("First day"), required=False)
    last_on = forms.DateField(label=_("Last day"), required=False)

    class Meta:
        model = PlanVersion
        fields = ["plan", "currency", "rounding", "hold_days", "clawback_days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "first_on" in self.fields:
            self.fields["first_on"].initial = self.instance.during.lower
            self.fields["first_on"].disabled = self.fields["last_on"].disabled = True


@admin.register(PlanVersion)
class PlanVersionAdmin(PayServiceAdmin):
    form = PlanVersionForm
    list_display = ["plan", "number", "status", "during", "currency"]
    list_filter = ["status"]
    list_select_related = ["plan"]
    search_fields = ["plan__code", "plan__name"]
    inlines = [ComponentInline]
    actions = ["submit", "approve", "activate", "retire"]

    @admin.display(description=_("First day"))
    def first_on(self, edition: PlanVersion) -> date | None:
        return edition.during.lower

    @admin.display(description=_("Ends before"))
    def last_on(self, edition: PlanVersion) -> date | None:
        return edition.during.upper

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        first_on = values.pop("first_on")
        if not isinstance(first_on, date):
            raise InvalidInput.of(first_on=str(_("Say from which day it pays.")))
        return services.create_plan_version(actor=actor, first_on=first_on, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        terms = {name: value for name, value in values.items() if name not in ("first_on", "last_on", "plan")}
        return services.update_plan_version(plan_version=record, version=version, actor=actor, **terms)

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        kept = [
            form.cleaned_data for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if any(form.has_changed() for form in formset.forms):
            names = ("name", "metric", "mode", "comparator")
            given = [{**{name: row[name] for name in names}, "tiers": row["bands"]} for row in kept]
            services.set_components(plan_version=record, version=None, actor=actor, components=given)

    def _each(self, request: HttpRequest, rows: QuerySet[PlanVersion], service: Callable[..., Any]) -> None:
        each(self, request, rows, lambda row: service(plan_version=row, version=None, actor=request.user))

    @admin.action(description=_("Hand to review"))
    def submit(self, request: HttpRequest, queryset: QuerySet[PlanVersion]) -> None:
        self._each(request, queryset, services.submit_plan_version)

    @admin.action(description=_("Approve"))
    def approve(self, request: HttpRequest, queryset: QuerySet[PlanVersion]) -> None:
        self._each(request, queryset, services.approve_plan_version)

    @admin.action(description=_("Put in force"))
    def activate(self, request: HttpRequest, queryset: QuerySet[PlanVersion]) -> None:
        self._each(request, queryset, services.activate_plan_version)

    @admin.action(description=_("Retire"))
    def retire(self, request: HttpRequest, queryset: QuerySet[PlanVersion]) -> None:
        self._each(request, queryset, services.retire_plan_version)


class AssignmentForm(VersionedForm):
    first_on = forms.DateField(label=_("First day"))
    last_on = forms.DateField(label=_("Last day"), required=False)

    class Meta:
        model = PlanAssignment
        fields = ["user", "plan_version"]


@admin.register(PlanAssignment)
class PlanAssignmentAdmin(PayServiceAdmin):
    form = AssignmentForm
    list_display = ["user", "plan_version", "during", "status", "signed_at"]
    list_filter = ["status"]
    list_select_related = ["user", "plan_version__plan"]
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    autocomplete_fields = ["user", "plan_version"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.assign_plan(actor=actor, **values)


@admin.register(Credit)
class CreditAdmin(PayReadOnlyAdmin):
    list_display = ["order", "order_line", "revision", "payee", "kind", "percent", "amount", "currency", "credit_on"]
    list_filter = ["kind"]
    list_select_related = ["order", "order_line", "payee"]
    search_fields = ["=order__number", "payee__username"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(PayReadOnlyAdmin):
    list_display = [
        "created_at",
        "payee",
        "kind",
        "account",
        "amount",
        "currency",
        "origin_period",
        "posting_period",
        "source_line",
    ]
    list_filter = ["kind", "account"]
    list_select_related = ["payee", "origin_period", "posting_period", "source_line"]
    search_fields = ["payee__username", "=source_line__order__number"]


@admin.register(CommissionRun)
class CommissionRunAdmin(PayReadOnlyAdmin):
    list_display = ["period", "payee", "number", "postings", "created_at", "input_hash"]
    list_select_related = ["period", "payee"]
    search_fields = ["payee__username", "=period__label"]


class StatementLineInline(admin.TabularInline):  # type: ignore[type-arg]
    model = StatementLine
    fields = ["order_number", "line_number", "account_name", "percent", "credited", "tier", "rate", "amount", "state"]
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return holds(request.user, SEES_ALL)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Statement)
class StatementAdmin(PayReadOnlyAdmin):
    list_display = ["period", "payee", "edition", "status", "measured", "earned", "payable", "currency"]
    list_filter = ["status"]
    list_select_related = ["period", "payee"]
    search_fields = ["payee__username", "=period__label"]
    inlines = [StatementLineInline]
    actions = ["publish"]

    @admin.action(description=_("Publish"))
    def publish(self, request: HttpRequest, queryset: QuerySet[Statement]) -> None:
        def act(row: Statement) -> None:
            services.publish_statement(statement=row, version=None, actor=request.user)

        each(self, request, queryset, act)


@admin.register(Goal)
class GoalAdmin(ReadOnlyAdmin):
    """Set and broken down in the product, where the parts must add up."""

    list_display = ["__str__", "metric", "period", "owner", "region", "min_score", "target", "parent"]
    list_select_related = ["period", "owner", "parent", "parent__period"]
    list_filter = ["metric", "period"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Goal]:
        return Goal.objects.visible_to(request.user)
