"""Filters of imports, change requests and webhooks, shared by the list pages and the API."""

import django_filters
from django.utils.translation import gettext_lazy as _

from revops.core.api.filters import StrictFilterSet
from revops.integrations.models import ImportRun, SystemChangeRequest, Webhook, WebhookMessage


class ImportFilter(StrictFilterSet):
    state = django_filters.ChoiceFilter(choices=ImportRun.State.choices)
    kind = django_filters.CharFilter()

    class Meta:
        model = ImportRun
        fields: list[str] = []


class ChangeRequestFilter(StrictFilterSet):
    status = django_filters.ChoiceFilter(choices=SystemChangeRequest.Status.choices)

    class Meta:
        model = SystemChangeRequest
        fields: list[str] = []


class WebhookFilter(StrictFilterSet):
    state = django_filters.ChoiceFilter(choices=Webhook.State.choices)
    archived = django_filters.BooleanFilter(
        field_name="archived_at", lookup_expr="isnull", exclude=True, label=_("Archived")
    )

    class Meta:
        model = Webhook
        fields: list[str] = []


class MessageFilter(StrictFilterSet):
    state = django_filters.ChoiceFilter(choices=WebhookMessage.State.choices)
    type = django_filters.CharFilter(field_name="name")

    class Meta:
        model = WebhookMessage
        fields: list[str] = []
