"""Django admin as one more door to the services, and the frame's own records in it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core import audit, company, jobs, outbox, saved
from revops.core.errors import DomainError, StaleCopy
from revops.core.models import (
    AuditEntry,
    Delivery,
    ExchangeRate,
    JobRun,
    LegalEntity,
    MergeRecord,
    NumberSeries,
    Organisation,
    OutboxEvent,
    SavedView,
)
from revops.core.organisation import organisation


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A model's form that remembers the version it was opened with."""

    shown_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shown_version"].initial = getattr(self.instance, "version", None)


class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin page whose saving calls services. Subclasses write `create` and `change`; nothing is deleted here."""

    form: Any = VersionedForm

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        raise NotImplementedError

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        raise NotImplementedError

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = {name: value for name, value in form.cleaned_data.items() if name != "shown_version"}
        if change:
            touched = {name: values[name] for name in form.changed_data if name in values}
            version = form.cleaned_data.get("shown_version")
            saved = self.change(type(obj)._base_manager.get(pk=obj.pk), version, request.user, touched)
        else:
            saved = self.create(request.user, values)
        obj.__dict__.update(saved.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Many-to-many fields went through the service; inlines go through `save_formset`."""
        for formset in formsets:
            formset.new_objects = formset.changed_objects = formset.deleted_objects = []
            self.save_formset(request, form, formset, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        self.save_rows(form.instance, formset, request.user)

    def save_rows(self, record: Any, formset: Any, actor: Any) -> None:
        """Hand the rows of an inline to a service."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except StaleCopy as error:
            self.message_user(request, error.message, messages.ERROR)
        except DomainError as error:
            names = ", ".join(field.pointer for field in error.errors)
            self.message_user(request, f"{names}: {error.message}" if names else error.message, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at, never to touch."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(ServiceAdmin):
    """One row, always there."""

    list_display = ["name", "base_currency", "fiscal_year_starts_in"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        organisation()
        return super().get_queryset(request)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return company.update_organisation(version=version, actor=actor, **values)


@admin.register(LegalEntity)
class LegalEntityAdmin(ServiceAdmin):
    list_display = ["name", "code", "country", "currency", "is_default"]

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return company.create_entity(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return company.update_entity(entity=record, version=version, actor=actor, **values)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ServiceAdmin):
    """A correction is a new row of a later day; a row of the same day is replaced, and the audit says so."""

    list_display = ["source", "target", "on", "rate", "provider"]
    list_filter = ["source", "target"]
    date_hierarchy = "on"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("source", "target", "on") if obj else ()

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return company.set_rate(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        key = {"source": record.source, "target": record.target, "on": record.on}
        kept = {"rate": record.rate, "provider": record.provider}
        return company.set_rate(actor=actor, **key, **{**kept, **values})


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnlyAdmin):
    list_display = ["entity", "kind", "year", "last"]
    list_select_related = ["entity"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what. What concerns pay is listed only for those who may see pay."""

    list_display = ["at", "actor", "action", "label", "model", "object_id"]
    list_filter = ["model"]
    search_fields = ["=object_id", "action", "label"]
    list_select_related = ["actor"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        return audit.visible_entries(request.user).select_related("actor").order_by("-at", "-pk")


@admin.register(MergeRecord)
class MergeRecordAdmin(ReadOnlyAdmin):
    """Which records became one, and which were taken apart again."""

    list_display = ["merged_at", "model", "winner_id", "loser_id", "loser_label", "merged_by", "moved", "undone_at"]
    list_select_related = ["merged_by"]
    list_filter = ["model"]
    search_fields = ["=winner_id", "=loser_id", "loser_label"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[MergeRecord]:
        return MergeRecord.objects.visible_to(request.user)


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "name", "payload"]
    list_filter = ["name"]
    show_full_result_count = False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Dead letters are read here, and replayed."""

    list_display = ["event", "handler", "state", "tries", "next_try_at", "last_error"]
    list_filter = ["state", "handler"]
    list_select_related = ["event"]
    show_full_result_count = False
    actions = ["replay"]

    @admin.action(description="Replay dead deliveries", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        dead = list(queryset.filter(state=Delivery.State.DEAD))
        for delivery in dead:
            outbox.replay(delivery=delivery, actor=request.user)
        self.message_user(request, _("%(count)s will be tried again.") % {"count": len(dead)})

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_delivery")


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """Who keeps which views; shared ones are taken away here when nobody looks after them."""

    list_display = ["name", "place", "layout", "owner", "shared", "updated_at"]
    list_filter = ["place", "layout", "shared"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username"]
    show_full_result_count = False
    actions = ["remove"]

    @admin.action(description=gettext_lazy("Delete shared views"), permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[SavedView]) -> None:
        for view in queryset.filter(shared=True):
            saved.delete_view(view=view, actor=request.user)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(saved.MANAGE)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ["kind", "state", "done", "total", "created_by", "created_at", "finished_at", "error"]
    list_filter = ["state", "kind"]
    list_select_related = ["created_by"]
    show_full_result_count = False
    actions = ["cancel"]

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> None:
        for job in queryset.filter(state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING]):
            jobs.request_cancel(job=job, actor=request.user)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_jobrun")
