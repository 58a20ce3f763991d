"""Importer of products, with their list price in the default price book."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.catalog import services
from revops.catalog.models import PriceBook, PriceBookEntry, Product
from revops.core import clock
from revops.integrations.lookups import bare, say_spelling
from revops.integrations.models import ImportRow
from revops.integrations.planning import match_by, match_external, refuse_twins
from revops.integrations.registries import Context, Draft, Importer, ImportField
from revops.integrations.settling import made_before


def fill_product(drafts: Sequence[Draft], context: Context) -> None:
    """`product` -> product_id, by SKU or name; else by its letters alone, which is said."""
    if not any(draft.values.get("product") for draft in drafts):
        return
    known: dict[str, Product] = {}
    loose: dict[str, list[Product]] = defaultdict(list)
    for product in Product.objects.visible_to(context.viewer):
        known |= {product.sku.casefold(): product, product.name.casefold(): product}
        loose[bare(product.name)].append(product)
    for draft in drafts:
        name = draft.values.get("product")
        if not name:
            continue
        found = known.get(name.casefold())
        if found is None and len(loose[bare(name)]) == 1:
            found = loose[bare(name)][0]
            draft.notes.append(_("Product “%(read)s” is “%(meant)s”.") % {"read": name, "meant": found.name})
            say_spelling(context, name, found.name)
        if found is None:
            draft.refuse("product", _("There is no such product."))
        else:
            draft.set("product_id", found.pk, found.name)


class ProductImporter(Importer):
    """What we sell."""

    key, label, order, icon, list_url = "products", gettext_lazy("Products"), 60, "box", "product-list"
    model = Product
    matched_by = gettext_lazy("id in the other system, then SKU, then name")
    extras = frozenset({"family_name", "list_price"})
    fields = (
        ImportField("external_id", gettext_lazy("External id"), aliases=("id", "product id")),
        ImportField("sku", gettext_lazy("SKU"), column="sku", aliases=("product code", "code")),
        ImportField("name", gettext_lazy("Product"), column="name", required=True, aliases=("product name",)),
        ImportField("family", gettext_lazy("Family"), column="family_name", aliases=("series", "category")),
        ImportField(
            "kind", gettext_lazy("Kind"), "choice", column="kind",
            choices={"goods": "Goods", "service": "Service", "subscription": "Subscription"},
        ),
        ImportField("months", gettext_lazy("Months per price"), "integer", column="recurring_months"),
        ImportField("description", gettext_lazy("Description"), column="description"),
        ImportField(
            "list_price", gettext_lazy("List price"), "money", column="list_price",
            aliases=("sales_price", "price", "unit price"),
        ),
        ImportField("currency", gettext_lazy("Currency"), "currency"),
    )  # fmt: skip

    def resolve(self, drafts: Sequence[Draft], context: Context) -> None:
        books = {
            book.currency: book
            for book in PriceBook.objects.visible_to(context.viewer).filter(
                is_default=True, during__contains=clock.today()
            )
        }
        for draft in drafts:
            currency = draft.values.get("currency", "USD")
            if "list_price" in draft.values and currency not in books:
                draft.refuse("list_price", _("There is no default price book in %(code)s.") % {"code": currency})
            elif "list_price" in draft.values:
                draft.columns["list_price"] = _price(currency, draft.values["list_price"])
            if draft.columns.get("kind") == "subscription" and not draft.columns.get("recurring_months"):
                draft.refuse("months", _("Say how many months one price pays for."))
            if "family_name" in draft.columns and len(draft.columns["family_name"]) > 80:
                draft.refuse("family", _("A family's name has at most 80 characters."))

    def identify(self, drafts: Sequence[Draft], context: Context) -> None:
        match_external(drafts, self, context, "family")
        products = list(Product.objects.visible_to(context.viewer).select_related("family"))
        coded = [draft for draft in drafts if draft.values.get("sku")]
        refuse_twins(coded, "sku", lambda draft: draft.values["sku"])
        match_by(coded, products, lambda draft: draft.values["sku"], lambda product: product.sku)
        plain = [d for d in drafts if not d.values.get("sku") and not d.values.get("external_id")]
        refuse_twins(plain, "name", lambda draft: str(draft.values.get("name", "")).casefold())
        match_by(plain, products, lambda draft: str(draft.values.get("name", "")).casefold(), _name_of)
        self._codes(drafts, {product.sku for product in products} | made_before(context.run, context.after, "sku"))
        self._prices(drafts)

    def _codes(self, drafts: Sequence[Draft], taken: set[str]) -> None:
        """A new product without a SKU gets one from its name."""
        for draft in drafts:
            if draft.record is not None or "sku" in draft.columns:
                continue
            code = "-".join(str(draft.values.get("name", "")).upper().split())[:56] or "PRODUCT"
            number, sku = 1, code
            while sku in taken:
                number += 1
                sku = f"{code}-{number}"
            taken.add(sku)
            draft.columns["sku"] = sku

    def _prices(self, drafts: Sequence[Draft]) -> None:
        known = {draft.record.pk: draft for draft in drafts if draft.record is not None}
        entries = PriceBookEntry.objects.filter(
            product__in=list(known), book__is_default=True, book__during__contains=clock.today()
        ).select_related("book")
        prices = {(entry.product_id, entry.book.currency): entry.list_price for entry in entries}
        for key, draft in known.items():
            currency = draft.values.get("currency", "USD")
            price = prices.get((key, currency))
            draft.record.list_price = "" if price is None else _price(currency, price)

    def current(self, record: Any, column: str) -> Any:
        if column == "family_name":
            return record.family.name if record.family else ""
        return getattr(record, column)

    def title(self, draft: Draft) -> tuple[str, str]:
        return draft.cells.get("name", ""), draft.cells.get("family", "")

    def write(self, *, rows: Sequence[ImportRow], actor: Any) -> None:
        services.import_products(rows=rows, actor=actor)

    def undo(self, *, rows: Sequence[ImportRow], actor: Any) -> dict[int, str]:
        return services.undo_products(rows=rows, actor=actor)


def _price(currency: str, amount: Decimal) -> str:
    """ "USD 4821": the price and its currency as one value, compared and shown together."""
    return f"{currency} {amount.normalize():f}"


def _name_of(product: Product) -> str:
    return product.name.casefold()


IMPORTERS = (ProductImporter(),)
