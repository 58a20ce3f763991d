"""Products in the command menu."""

from typing import Any

from revops.catalog.models import Product
from revops.core.registries import Hit
from revops.core.search import best


def search_products(user: Any, text: str, limit: int) -> list[Hit]:
    """By name or SKU: what begins so, then what holds it."""
    return [
        Hit(product.name, product.sku, product.get_absolute_url(), exact=product.sku.lower() == text.lower())
        for product in best(Product.objects.visible_to(user), text, limit)
    ]
