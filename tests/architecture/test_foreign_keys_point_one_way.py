"""House rule 1 for the schema: a foreign key may point down or sideways, never up."""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.db import models
from django.test.utils import isolate_apps

from tests.architecture.source import ROOMS, found

# Labels, lowest first.
HEIGHT = {room.split(".")[-1]: height for height, room in enumerate(reversed(ROOMS))}


def violations(model: type[models.Model]) -> Iterator[str]:
    here = HEIGHT.get(model._meta.app_label)
    if here is None:
        return
    for field in model._meta.get_fields():
        target = field.related_model if isinstance(field, models.ForeignKey | models.ManyToManyField) else None
        if target is None or isinstance(target, str) or target._meta.label == settings.AUTH_USER_MODEL:
            continue
        if HEIGHT.get(target._meta.app_label, -1) > here:
            yield f"{model._meta.label}.{field.name} points up at {target._meta.label}"


def test_foreign_keys_obey_the_arrow() -> None:
    bad = [line for model in apps.get_models() for line in violations(model)]
    assert not bad, found(bad)


@isolate_apps()
def test_a_foreign_key_that_points_up_is_caught() -> None:
    class Upper(models.Model):
        class Meta:
            app_label = "orders"

    class Lower(models.Model):
        upper = models.ForeignKey(Upper, on_delete=models.PROTECT)

        class Meta:
            app_label = "accounts"

    assert list(violations(Lower)) == ["accounts.Lower.upper points up at orders.Upper"]
