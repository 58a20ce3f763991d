"""Every write of the catalogue."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from revops.catalog.models import BundleItem, PriceBook, PriceBookEntry, Product, ProductCost, ProductFamily
from revops.core import audit
from revops.core.custom import values as custom_values
from revops.core.errors import IllegalState, InvalidInput
from revops.core.money import currencies
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.users.models import User

PRODUCT_FIELDS = (
    "sku", "name", "description", "family", "kind", "recurring_months", "valid_from", "end_of_sale_on",
)  # fmt: skip


def _may(actor: User | None, permission: str) -> None:
    if actor is not None:
        require(actor, f"catalog.{permission}")


@transaction.atomic
def create_family(*, actor: User | None, name: str, parent: ProductFamily | None = None) -> ProductFamily:
    """Add a product family, on its own or as part of a larger one."""
    _may(actor, "add_productfamily")
    family = ProductFamily(name=name.strip(), parent=parent)
    _check_family(family)
    family.save(force_insert=True)
    audit.record("product_family.created", family, actor=actor)
    return family


@transaction.atomic
def update_family(
    *, family: ProductFamily, version: int | None = None, actor: User | None, **changes: Any
) -> ProductFamily:
    """Change a family's name, or the larger family that it is part of."""
    _may(actor, "change_productfamily")
    unknown = sorted(set(changes) - {"name", "parent"})
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("This cannot be changed here.")})
    family = lock(family, version)
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    before = {"name": family.name, "parent": family.parent}
    _check_family(ProductFamily(**{**before, **changes}, pk=family.pk))
    changed = edit(family, changes)
    if changed:
        audit.record("product_family.changed", family, actor=actor, changed=changed)
    return family


def _check_family(family: ProductFamily) -> None:
    others = ProductFamily.objects.exclude(pk=family.pk)
    if not family.name or len(family.name) > 80 or others.filter(name__iexact=family.name).exists():
        raise InvalidInput.of(name=_("A family needs a name of its own, of up to 80 characters."))
    if family.parent is None:
        return
    above = others.filter(pk=family.parent.pk, parent__isnull=True)
    if not above.exists() or (family.pk and ProductFamily.objects.filter(parent=family.pk).exists()):
        raise InvalidInput.of(parent=_("Families have two levels: what is part of one has no parts itself."))


@transaction.atomic
def create_product(
    *, actor: User | None, sku: str, name: str, custom: Mapping[str, Any] | None = None, **fields: Any
) -> Product:
    """Add a product. A subscription needs the months that one price pays for."""
    _may(actor, "add_product")
    product = Product(sku=sku.strip(), name=name.strip(), **fields)
    _check(product)
    product.custom = custom_values.for_new(product, custom, asked=actor is not None)
    product.save(force_insert=True)
    audit.record("product.created", product, actor=actor, sku=product.sku)
    return product


@transaction.atomic
def update_product(
    *,
    product: Product,
    version: int | None = None,
    actor: User | None,
    custom: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Product:
    """Change what a product is. Quotes and orders keep their own copies, so none of them moves."""
    _may(actor, "change_product")
    unknown = sorted(set(changes) - set(PRODUCT_FIELDS))
    if unknown:
        raise InvalidInput.of(**{unknown[0]: _("This cannot be changed here.")})
    product = lock(product, version)
    for name in {"sku", "name"} & changes.keys():
        changes[name] = changes[name].strip()
    _check(Product(**{name: changes.get(name, getattr(product, name)) for name in PRODUCT_FIELDS}, pk=product.pk))
    if custom:
        changes["custom"] = custom_values.merged(product, custom)
    changed = edit(product, changes)
    if changed:
        audit.record("product.changed", product, actor=actor, changed=changed)
    return product


@transaction.atomic
def launch_product(*, product: Product, version: int | None = None, actor: User | None) -> Product:
    """Open a planned product for sale."""
    return _move(product, Product.Lifecycle.ACTIVE, "product.launched", version, actor)


@transaction.atomic
def retire_product(*, product: Product, version: int | None = None, actor: User | None) -> Product:
    """Take a product off sale. What was quoted and ordered stays as it is."""
    return _move(product, Product.Lifecycle.RETIRED, "product.retired", version, actor)


def _move(product: Product, target: str, action: str, version: int | None, actor: User | None) -> Product:
    _may(actor, "change_product")
    product = lock(product, version)
    before = product.lifecycle
    advance(product, target, Product.TRANSITIONS, field="lifecycle")
    product.save(update_fields=["lifecycle", "version", "updated_at"])
    audit.record(action, product, actor=actor, changed={"lifecycle": (before, product.lifecycle)})
    return product


@transaction.atomic
def create_price_book(
    *,
    actor: User | None,
    name: str,
    currency: str = "USD",
    first: date | None = None,
    last: date | None = None,
    is_default: bool = False,
) -> PriceBook:
    """Add a price book, valid from `first` to `last` (both included; None is open)."""
    _may(actor, "add_pricebook")
    name = name.strip()
    if first and last and last < first:
        raise InvalidInput.of(last=_("The last day is before the first."))
    during = DateRange(first, last + timedelta(days=1) if last else None)
    if not name or len(name) > 80 or PriceBook.objects.filter(name__iexact=name).exists():
        raise InvalidInput.of(name=_("A price book needs a name of its own, of up to 80 characters."))
    if currency not in currencies():
        raise InvalidInput.of(currency=_("This is no currency."))
    others = PriceBook.objects.filter(is_default=True, currency=currency, during__overlap=during)
    if is_default and others.exists():
        raise IllegalState("second_default", _("There is a default price book in this currency on these days."))
    book = PriceBook.objects.create(name=name, currency=currency, during=during, is_default=is_default)
    audit.record("price_book.created", book, actor=actor, currency=currency)
    return book


@transaction.atomic
def set_price(
    *,
    book: PriceBook,
    product: Product,
    list_price: Decimal,
    floor_price: Decimal | None = None,
    version: int | None = None,
    actor: User | None,
) -> PriceBookEntry:
    """Set a product's price in a book. Issued documents keep the price they were made with."""
    _may(actor, "change_pricebook")
    if list_price < 0 or (floor_price is not None and floor_price < 0):
        raise InvalidInput.of(list_price=_("A price is 0 or more."))
    if floor_price is not None and floor_price > list_price:
        raise InvalidInput.of(floor_price=_("The floor price is above the list price."))
    lock(book)
    entry = PriceBookEntry.objects.filter(book=book, product=product).first()
    if entry is None:
        entry = PriceBookEntry.objects.create(
            book=book, product=product, list_price=list_price, floor_price=floor_price
        )
        changed: dict[str, Any] = {"list_price": (None, list_price), "floor_price": (None, floor_price)}
    else:
        entry = lock(entry, version)
        changed = edit(entry, {"list_price": list_price, "floor_price": floor_price})
    if changed:
        audit.record("price.set", entry, actor=actor, changed=changed, product=product, book=book)
    return entry


@transaction.atomic
def set_cost(
    *, product: Product, unit_cost: Decimal, currency: str = "USD", valid_from: date, actor: User | None
) -> ProductCost:
    """Say what one unit costs us from a day on."""
    _may(actor, "change_productcost")
    if unit_cost < 0:
        raise InvalidInput.of(unit_cost=_("A cost is 0 or more."))
    if currency not in currencies():
        raise InvalidInput.of(currency=_("This is no currency."))
    lock(product)
    cost = ProductCost.objects.filter(product=product, currency=currency, valid_from=valid_from).first()
    before = cost.unit_cost if cost else None
    cost = cost or ProductCost(product=product, currency=currency, valid_from=valid_from)
    cost.unit_cost = unit_cost
    cost.save()
    changed = {"unit_cost": (before, unit_cost)}
    audit.record("cost.set", cost, actor=actor, changed=changed, product=product, valid_from=valid_from)
    return cost


@transaction.atomic
def set_bundle(
    *,
    bundle: Product,
    items: Iterable[tuple[Product, Decimal]],
    version: int | None = None,
    actor: User | None,
) -> Product:
    """Say what one bundle holds. A bundle holds no bundle."""
    _may(actor, "change_product")
    bundle = lock(bundle, version)
    rows = [BundleItem(bundle=bundle, component=component, quantity=quantity) for component, quantity in items]
    if any(row.component.is_bundle or row.component.pk == bundle.pk for row in rows):
        raise InvalidInput.of(items=_("A bundle holds products, not bundles."))
    if any(row.quantity <= 0 for row in rows):
        raise InvalidInput.of(items=_("A quantity is more than 0."))
    if BundleItem.objects.filter(component=bundle).exists():
        raise InvalidInput.of(items=_("This product is part of a bundle itself."))
    bundle.bundle_items.all().delete()
    BundleItem.objects.bulk_create(rows)
    bundle.is_bundle = bool(rows)
    bundle.version += 1
    bundle.save(update_fields=["is_bundle", "version", "updated_at"])
    parts = [{"component": row.component, "quantity": row.quantity} for row in rows]
    audit.record("product.bundle_set", bundle, actor=actor, items=parts)
    return bundle


def _check(product: Product) -> None:
    if not product.sku or len(product.sku) > 60:
        raise InvalidInput.of(sku=_("A SKU has 1 to 60 characters."))
    if not product.name or len(product.name) > 160:
        raise InvalidInput.of(name=_("A name has 1 to 160 characters."))
    if Product.objects.filter(sku=product.sku).exclude(pk=product.pk).exists():
        raise InvalidInput.of(sku=_("There is a product with this SKU."))
    if product.kind not in Product.Kind.values:
        raise InvalidInput.of(kind=_("A product is goods, a service or a subscription."))
    if product.kind == Product.Kind.SUBSCRIPTION and not product.recurring_months:
        raise InvalidInput.of(recurring_months=_("Say how many months one price pays for."))
    if product.valid_from and product.end_of_sale_on and product.end_of_sale_on < product.valid_from:
        raise InvalidInput.of(end_of_sale_on=_("This is before the first day of sale."))
