"""Custom fields on a record's page."""

from typing import Any

from django import template
from django.urls import reverse

from revops.core.custom.definitions import homes, label_of
from revops.core.custom.values import facts_of

register = template.Library()


@register.inclusion_tag("core/custom_facts.html", takes_context=True)
def custom_facts(context: dict[str, Any], record: Any) -> dict[str, Any]:
    """{% custom_facts lead %}: every custom field in use with its value in words, and the way to change them."""
    label = label_of(record)
    home, user = homes.get(label), context["request"].user
    may = home is not None and home.change is not None and user.has_perm(home.permission)
    return {
        "groups": facts_of(record),
        "edit_url": reverse("core:custom-values", args=[label, record.pk]) if may else "",
    }
