"""Sequences in the administrator's console: to find and to follow; they are changed in the product."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.models import (
    ContactPolicy,
    Enclosure,
    Enrollment,
    MessageTemplate,
    ReceivedMessage,
    SentDocument,
    SentMessage,
    Sequence,
    SequenceStep,
    TemplateDocument,
)
from revops.core.admin import ReadOnlyAdmin


class SeenAdmin(ReadOnlyAdmin):
    """Rows that the administrator sees in the product, too."""

    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model.objects.visible_to(request.user)  # type: ignore[attr-defined,no-any-return]


class StepInline(admin.TabularInline):  # type: ignore[type-arg]
    """In their order."""

    model = SequenceStep
    fields = ["position", "day_offset", "kind", "template", "subject"]
    readonly_fields = ["position", "day_offset", "kind", "template", "subject"]
    extra = max_num = 0
    can_delete = False


@admin.register(Sequence)
class SequenceAdmin(SeenAdmin):
    list_display = ["name", "status", "owner", "on_weekends"]
    list_select_related = ["owner"]
    list_filter = ["status"]
    search_fields = ["name"]
    inlines = [StepInline]


class TemplateDocumentInline(admin.TabularInline):  # type: ignore[type-arg]
    """What goes along with every mail."""

    model = TemplateDocument
    fields = ["document"]
    readonly_fields = ["document"]
    extra = max_num = 0
    can_delete = False


@admin.register(MessageTemplate)
class MessageTemplateAdmin(SeenAdmin):
    list_display = ["name", "subject", "archived_at"]
    inlines = [TemplateDocumentInline]
    search_fields = ["name", "subject"]


@admin.register(Enrollment)
class EnrollmentAdmin(SeenAdmin):
    list_display = ["sequence", "lead", "contact", "sender", "status", "next_at", "ended_at"]
    list_select_related = ["sequence", "lead", "contact", "sender"]
    list_filter = ["status"]
    exclude = ["token"]  # whoever has it opts somebody out


class EnclosureInline(admin.TabularInline):  # type: ignore[type-arg]
    """The documents that go along."""

    model = Enclosure
    fields = ["document", "version"]
    readonly_fields = ["document", "version"]
    extra = max_num = 0
    can_delete = False


class SentDocumentInline(admin.TabularInline):  # type: ignore[type-arg]
    """The versions that were handed over."""

    model = SentDocument
    fields = ["version", "handed_at"]
    readonly_fields = ["version", "handed_at"]
    extra = max_num = 0
    can_delete = False


@admin.register(SentMessage)
class SentMessageAdmin(SeenAdmin):
    list_display = ["due_at", "status", "to", "subject", "tries", "error"]
    exclude = ["token", "submission"]  # an answer to the token's address is from whom the mail went to
    inlines = [EnclosureInline, SentDocumentInline]
    list_filter = ["status"]
    search_fields = ["to", "message_id"]


@admin.register(ReceivedMessage)
class ReceivedMessageAdmin(SeenAdmin):
    list_display = ["received_at", "kind", "sender", "subject", "read_at"]
    list_filter = ["kind"]
    search_fields = ["sender", "message_id"]


@admin.register(ContactPolicy)
class ContactPolicyAdmin(SeenAdmin):
    list_display = ["lead", "contact", "do_not_contact_at", "basis", "time_zone"]
    list_select_related = ["lead", "contact"]
    list_filter = ["basis"]
