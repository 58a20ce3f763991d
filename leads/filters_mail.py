"""What the API may ask of mails that came in, and of who may be contacted."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from leads.models import ContactPolicy, ReceivedMessage
from revops.core.api.filters import StrictFilterSet


class ReceivedFilter(StrictFilterSet):
    """Of mails that came in."""

    kind = filters.ChoiceFilter(choices=ReceivedMessage.Kind.choices, label=_("Kind"))
    enrollment = filters.NumberFilter(field_name="enrollment_id", label=_("Enrolment"))
    sequence = filters.NumberFilter(field_name="enrollment__sequence_id", label=_("Sequence"))
    lead = filters.NumberFilter(method="of_lead", label=_("Lead"))
    contact = filters.NumberFilter(method="of_contact", label=_("Contact"))
    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull", label=_("Unread"))
    received_at__gte = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gte", label=_("From"))
    received_at__lte = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="lte", label=_("Until"))

    def of_lead(self, rows: QuerySet[ReceivedMessage], _name: str, value: Any) -> QuerySet[ReceivedMessage]:
        return rows.filter(Q(enrollment__lead_id=value) | Q(lead_id=value))

    def of_contact(self, rows: QuerySet[ReceivedMessage], _name: str, value: Any) -> QuerySet[ReceivedMessage]:
        return rows.filter(Q(enrollment__contact_id=value) | Q(contact_id=value))


class PolicyFilter(StrictFilterSet):
    """Of what is recorded about contacting people."""

    lead = filters.NumberFilter(field_name="lead_id", label=_("Lead"))
    contact = filters.NumberFilter(field_name="contact_id", label=_("Contact"))
    do_not_contact = filters.BooleanFilter(method="closed", label=_("Do not contact"))
    basis = filters.ChoiceFilter(choices=ContactPolicy.Basis.choices, label=_("Basis"))

    def closed(self, rows: QuerySet[ContactPolicy], _name: str, value: bool) -> QuerySet[ContactPolicy]:
        return rows.filter(do_not_contact_at__isnull=not value)
