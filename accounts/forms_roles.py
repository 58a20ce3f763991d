"""Input of the roles of a contact."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact, ContactRole
from revops.catalog.models import Product

ALL, SOME = "all", "products"


class RolesForm(forms.Form):
    """For each role whether it is held for everything, else for which products."""

    def __init__(self, *args: Any, stored: list[ContactRole], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.order_by("name", "pk")
        for role, label in Contact.Role.choices:
            mine = [row for row in stored if row.role == role]
            self.fields[f"{role}_{ALL}"] = forms.BooleanField(
                required=False,
                label=_("%(role)s: for all products") % {"role": label},
                initial=any(row.product_id is None for row in mine),
            )
            self.fields[f"{role}_{SOME}"] = forms.ModelMultipleChoiceField(
                queryset=products,
                required=False,
                label=_("%(role)s: for these") % {"role": label},
                initial=[row.product_id for row in mine if row.product_id],
                widget=forms.SelectMultiple(attrs={"data-pick": ""}),
            )

    def roles(self) -> list[dict[str, Any]]:
        """What the service takes."""
        found: list[dict[str, Any]] = []
        for role in Contact.Role.values:
            if self.cleaned_data[f"{role}_{ALL}"]:
                found.append({"role": role, "product": None})
            found += [{"role": role, "product": product} for product in self.cleaned_data[f"{role}_{SOME}"]]
        return found
