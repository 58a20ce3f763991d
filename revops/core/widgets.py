"""Form controls that more than one app uses."""

from typing import Any

from django import forms


class ChosenOnly(forms.Select):
    """A select that lists the chosen record only: with thousands of choices the list is asked for as one types."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        choices = self.choices
        if hasattr(choices, "queryset"):
            keys = [key for key in value if str(key).isascii() and str(key).isdigit()]
            found = choices.queryset.filter(pk__in=keys) if keys else []
            self.choices = [("", ""), *((row.pk, str(row)) for row in found)]
        try:
            return super().optgroups(name, value, attrs)
        finally:
            self.choices = choices
