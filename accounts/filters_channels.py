"""What lists and the API may ask of channels."""

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.filters import Archived, colleagues
from accounts.models import Channel
from revops.core.api.filters import StrictFilterSet


class ChannelFilter(StrictFilterSet):
    """Names and values that the channel list and the API accept."""

    q = filters.CharFilter(method="search", label=_("Search"))
    kind = filters.ChoiceFilter(choices=Channel.Kind.choices, label=_("Kind"))
    owner = filters.ModelChoiceFilter(queryset=colleagues, label=_("Looked after by"))
    archived = Archived(label=_("Archived"))

    def search(self, rows: QuerySet[Channel], _name: str, text: str) -> QuerySet[Channel]:
        return rows.filter(name__icontains=text)
