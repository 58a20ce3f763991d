"""Products by the id that another system gives them."""

from typing import Any

from django.db import transaction

from revops.catalog.models import Product
from revops.catalog.services.products import create_product, update_product
from revops.core import upserts
from revops.users.models import User


@transaction.atomic
def upsert_product(
    *, system: str, external_id: str, actor: User, version: int | None = None, **fields: Any
) -> tuple[Product, bool]:
    """Create or change the product that `system` knows as `external_id`; says whether it was created."""
    reference = {"external_system": system, "external_id": external_id}

    def create() -> Product:
        return create_product(actor=actor, **{**fields, **reference})

    def change(product: Product) -> Product:
        return update_product(product=product, version=version, actor=actor, **fields)

    return upserts.upsert(
        model=Product,
        system=system,
        external_id=external_id,
        version=version,
        actor=actor,
        create=create,
        change=change,
    )
