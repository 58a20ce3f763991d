"""Filters of imports and change requests, shared by the list pages and the API."""

import django_filters

from revops.core.api.filters import StrictFilterSet
from revops.integrations.models import ImportRun, SystemChangeRequest


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
