"""What a person at an account has to say, product by product."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.companies import Contact
from revops.catalog.models import Product
from revops.core.models import Stamped


class ContactRole(Stamped):
    """One role of one contact: for a product, or without one for all of them. A contact may hold several."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="product_roles")
    role = models.CharField(max_length=16, choices=Contact.Role.choices)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Empty: all of them.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "role", "product"], nulls_distinct=False, name="contact_role_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.product}" if self.product else self.get_role_display()
