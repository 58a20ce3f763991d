"""Shapes of families, and what is taken for price books and prices."""

from typing import Any

from rest_framework import serializers

from revops.catalog.models import Product, ProductFamily
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.money import currencies


class SeenOf(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A record of the catalogue that the caller sees."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(queryset=model.objects.none(), **kwargs)

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return self.model.objects.visible_to(request.user) if request else self.model.objects.none()


class FamilyRow(OutSerializer):
    """A product family and the larger one that it is part of."""

    class Meta:
        model = ProductFamily
        fields = ["id", "name", "parent", "version"]


class FamilyIn(StrictSerializer):
    """Its name, and the larger family."""

    name = serializers.CharField(max_length=80)
    parent = SeenOf(ProductFamily, required=False, allow_null=True)  # type: ignore[assignment]


class PriceBookIn(StrictSerializer):
    """Prices in one currency; both days of validity are included, without them it is open."""

    name = serializers.CharField(max_length=80)
    currency = serializers.ChoiceField(choices=sorted(currencies()), required=False)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    is_default = serializers.BooleanField(required=False)


class PriceIn(StrictSerializer):
    """What a product costs the customer, in the money of the book."""

    product = SeenOf(Product)
    list_price = MoneyField()
    floor_price = MoneyField(required=False, allow_null=True)
