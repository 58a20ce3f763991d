"""Products in the command menu."""

from typing import Any

from django.db.models import Q

from revops.catalog.models import Product
from revops.core.registries import Hit


def search_products(user: Any, text: str, limit: int) -> list[Hit]:
    """By the beginning of a name or SKU."""
    rows = Product.objects.visible_to(user).filter(Q(sku__istartswith=text) | Q(name__istartswith=text))
    return [
        Hit(product.name, product.sku, product.get_absolute_url(), exact=product.sku.lower() == text.lower())
        for product in rows.order_by("name", "pk")[:limit]
    ]
