"""Custom fields of products, and the service that changes values."""

from django.utils.translation import gettext_lazy as _

from revops.catalog import services
from revops.catalog.models import Product
from revops.core.custom.definitions import Home, homes


def register_homes() -> None:
    """Called once, when the app is ready."""
    homes.register(
        Home(
            Product,
            _("Products"),
            order=80,
            permission="catalog.change_product",
            change=lambda record, **to: services.update_product(product=record, **to),
        )
    )
