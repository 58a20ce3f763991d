"""What the pages of sequences, enrolments and mails may ask."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from accounts.filters import MineFilter, colleagues
from leads.models import Enrollment, MessageTemplate, ReceivedMessage, SentDocument, SentMessage, Sequence
from leads.selectors.outreach import LEFT, answered_by
from revops.core.api.filters import StrictFilterSet

WHO = ("lead__last_name", "lead__company", "contact__last_name", "contact__account__name")


def who(text: str, prefix: str = "") -> Q:
    """Rows about somebody whose name or company holds the text."""
    found = Q()
    for field in WHO:
        found |= Q(**{f"{prefix}{field}__icontains": text})
    return found


class SequencePageFilter(StrictFilterSet):
    """Of the list of sequences. The archived ones are asked for."""

    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label=_("Search"))
    mine = MineFilter(label=_("Mine"))
    status = filters.ChoiceFilter(choices=Sequence.Status.choices, label=_("State"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Owner"))

    def filter_queryset(self, queryset: QuerySet[Sequence]) -> QuerySet[Sequence]:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("status") else rows.exclude(status=Sequence.Status.ARCHIVED)


class TemplatePageFilter(StrictFilterSet):
    """Of the list of templates. The archived ones are asked for."""

    q = filters.CharFilter(method="search", label=_("Search"))
    archived = filters.BooleanFilter(method="put_away", label=_("Archived"))

    def search(self, rows: QuerySet[MessageTemplate], _name: str, text: str) -> QuerySet[MessageTemplate]:
        return rows.filter(Q(name__icontains=text) | Q(subject__icontains=text))

    def put_away(self, rows: QuerySet[MessageTemplate], _name: str, value: bool) -> QuerySet[MessageTemplate]:
        return rows  # filter_queryset does it, asked or not

    def filter_queryset(self, queryset: QuerySet[MessageTemplate]) -> QuerySet[MessageTemplate]:
        archived = bool(self.form.cleaned_data.get("archived"))
        return super().filter_queryset(queryset).filter(archived_at__isnull=not archived)


class EnrollmentPageFilter(StrictFilterSet):
    """Of the list of enrolments."""

    q = filters.CharFilter(method="search", label=_("Search"))
    sequence = filters.NumberFilter(field_name="sequence_id", widget=HiddenInput, label=_("Sequence"))
    status = filters.ChoiceFilter(choices=Enrollment.Status.choices, label=_("State"))
    running = filters.BooleanFilter(method="runs", label=_("Running"))
    step = filters.NumberFilter(field_name="next_position", widget=HiddenInput, label=_("Next step"))
    lead = filters.NumberFilter(field_name="lead_id", widget=HiddenInput, label=_("Lead"))
    contact = filters.NumberFilter(field_name="contact_id", widget=HiddenInput, label=_("Contact"))
    sender = filters.ModelChoiceFilter(queryset=colleagues, label=_("Sender"))

    def search(self, rows: QuerySet[Enrollment], _name: str, text: str) -> QuerySet[Enrollment]:
        return rows.filter(who(text))

    def runs(self, rows: QuerySet[Enrollment], _name: str, value: bool) -> QuerySet[Enrollment]:
        wanted = Q(status__in=Enrollment.RUNNING)
        return rows.filter(wanted) if value else rows.exclude(wanted)


class MailPageFilter(StrictFilterSet):
    """Of the list of mails: the rows behind the figures of a step."""

    OUTCOMES = (
        ("sent", _("Sent")),
        ("failed", _("Failed or unconfirmed")),
        ("bounced", _("Bounced")),
        ("replied", _("Replied to")),
        ("opted_out", _("Opted out")),
    )
    q = filters.CharFilter(method="search", label=_("Search"))
    sequence = filters.NumberFilter(field_name="step__sequence_id", widget=HiddenInput, label=_("Sequence"))
    step = filters.NumberFilter(field_name="step_id", widget=HiddenInput, label=_("Step"))
    lead = filters.NumberFilter(method="to_lead", widget=HiddenInput, label=_("Lead"))
    contact = filters.NumberFilter(method="to_contact", widget=HiddenInput, label=_("Contact"))
    document = filters.NumberFilter(method="carried", widget=HiddenInput, label=_("Document"))
    mine = filters.BooleanFilter(method="written", label=_("Written by me"))
    status = filters.ChoiceFilter(choices=SentMessage.Status.choices, label=_("State"))
    outcome = filters.ChoiceFilter(choices=OUTCOMES, method="came", label=_("What came of it"))

    def search(self, rows: QuerySet[SentMessage], _name: str, text: str) -> QuerySet[SentMessage]:
        return rows.filter(who(text, "enrollment__") | who(text) | Q(to__icontains=text))

    def to_lead(self, rows: QuerySet[SentMessage], _name: str, value: Any) -> QuerySet[SentMessage]:
        return rows.filter(Q(enrollment__lead_id=value) | Q(lead_id=value))

    def to_contact(self, rows: QuerySet[SentMessage], _name: str, value: Any) -> QuerySet[SentMessage]:
        return rows.filter(Q(enrollment__contact_id=value) | Q(contact_id=value))

    def carried(self, rows: QuerySet[SentMessage], _name: str, value: Any) -> QuerySet[SentMessage]:
        sent = SentDocument.objects.gone().filter(version__document=value)
        return rows.filter(pk__in=sent.values("message"))

    def written(self, rows: QuerySet[SentMessage], _name: str, value: bool) -> QuerySet[SentMessage]:
        return rows.filter(sender=self.request.user) if value and self.request else rows

    def came(self, rows: QuerySet[SentMessage], _name: str, value: str) -> QuerySet[SentMessage]:
        kinds = {"replied": ReceivedMessage.Kind.REPLY, "opted_out": ReceivedMessage.Kind.OPT_OUT}
        if value in kinds:
            return answered_by(rows, kinds[value])
        status = SentMessage.Status
        states: dict[str, tuple[Any, ...]] = {
            "sent": LEFT,
            "failed": (status.FAILED, status.UNCONFIRMED),
            "bounced": (status.BOUNCED,),
        }
        return rows.filter(status__in=states[value])
