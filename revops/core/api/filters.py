"""Strict filters, shared by the HTML list and the API list: what is unknown is an error, never ignored."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict

from revops.core.custom.filters import asked_for, extended
from revops.core.errors import BadRequest, FieldError

RESERVED = frozenset({"limit", "cursor", "sort", "fields", "expand", "count", "view", "format", "as_of"})


class StrictFilterSet(django_filters.FilterSet):
    """A FilterSet whose `checked()` refuses unknown names and values with 400."""

    @classmethod
    def checked(
        cls, data: QueryDict, queryset: QuerySet[Any], *, request: Any, reserved: frozenset[str] = RESERVED
    ) -> QuerySet[Any]:
        """The filtered QuerySet. Raises BadRequest naming each unknown or malformed parameter."""
        more = asked_for(queryset.model, data)
        unknown = sorted(set(data) - set(cls.base_filters) - set(more) - reserved)
        if unknown:
            errors = [FieldError(name, "unknown_filter", f"There is no filter “{name}”.") for name in unknown]
            raise BadRequest("unknown_filter", errors[0].detail, errors=errors)
        filterset = extended(cls, more)(data, queryset=queryset, request=request)
        if not filterset.is_valid():
            errors = [
                FieldError(name, "invalid_value", str(messages[0])) for name, messages in filterset.errors.items()
            ]
            raise BadRequest("invalid_filter", f"{errors[0].pointer}: {errors[0].detail}", errors=errors)
        return filterset.qs


class AllOf(django_filters.BaseInFilter, django_filters.CharFilter):
    """`field__in=a,b`."""


class NumbersIn(django_filters.BaseInFilter, django_filters.NumberFilter):
    """`owner__in=1,2`."""
