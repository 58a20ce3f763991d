"""Shapes of products and price books."""

from rest_framework import serializers

from revops.catalog.models import PriceBook, PriceBookEntry, Product, ProductFamily
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut


class FamilyOut(OutSerializer):
    """A product family."""

    class Meta:
        model = ProductFamily
        fields = ["id", "name"]


class ProductOut(OutSerializer):
    """Something that we sell."""

    custom = CustomOut()

    class Meta:
        model = Product
        fields = [
            "id", "sku", "name", "description", "family", "kind", "lifecycle", "recurring_months", "valid_from",
            "end_of_sale_on", "is_bundle", "custom", "created_at", "updated_at",
        ]  # fmt: skip
        expandable = {"family": FamilyOut}


class ProductPatch(StrictSerializer):
    """What may be changed of a product."""

    sku = serializers.CharField(max_length=60, required=False)
    name = serializers.CharField(max_length=160, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    family = serializers.PrimaryKeyRelatedField(queryset=ProductFamily.objects.none(), required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=Product.Kind.choices, required=False)
    recurring_months = serializers.IntegerField(min_value=1, max_value=120, required=False, allow_null=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    end_of_sale_on = serializers.DateField(required=False, allow_null=True)
    custom = CustomIn()

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        fields = super().get_fields()
        if "request" in self.context:
            fields["family"].queryset = ProductFamily.objects.visible_to(self.context["request"].user)  # type: ignore[attr-defined]
        return fields


class ProductIn(ProductPatch):
    """A new product."""

    sku = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=160)


class PriceBookOut(OutSerializer):
    """Prices in one currency; both days of validity are included, null is open."""

    valid_from = serializers.DateField(source="first", read_only=True, allow_null=True)
    valid_to = serializers.DateField(source="last", read_only=True, allow_null=True)

    class Meta:
        model = PriceBook
        fields = ["id", "name", "currency", "valid_from", "valid_to", "is_default"]


class PriceOut(OutSerializer):
    """A product's price in a book."""

    list_price = MoneyField(source="price", read_only=True)
    floor_price = MoneyField(source="floor", read_only=True, allow_null=True)

    class Meta:
        model = PriceBookEntry
        fields = ["id", "product", "list_price", "floor_price"]
        expandable = {"product": ProductOut}
