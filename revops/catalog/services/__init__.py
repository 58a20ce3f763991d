"""Every write of the catalogue."""

from revops.catalog.services.imports import import_products, undo_products
from revops.catalog.services.products import (
    PRODUCT_FIELDS,
    create_family,
    create_price_book,
    create_product,
    launch_product,
    retire_product,
    set_bundle,
    set_cost,
    set_price,
    update_family,
    update_product,
)
from revops.catalog.services.upserts import upsert_product

__all__ = [
    "upsert_product",
    "PRODUCT_FIELDS",
    "create_family",
    "create_price_book",
    "create_product",
    "import_products",
    "launch_product",
    "retire_product",
    "set_bundle",
    "set_cost",
    "set_price",
    "undo_products",
    "update_family",
    "update_product",
]
