"""Field history of the records that people argue about: before-images by triggers, which no code path can skip."""

from collections.abc import Callable
from typing import Any, TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=type[models.Model])


def tracked(*exclude: str) -> Callable[[M], M]:
    """Class decorator: keep the old row on every update and delete, without the columns in `exclude`
    and without what the database derives from others.
    """

    def decorate(model: M) -> M:
        options: dict[str, Any] = {"level": pghistory.Statement}
        derived = [field.name for field in model._meta.fields if field.generated]  # type: ignore[attr-defined]
        if exclude or derived:
            options["exclude"] = [*exclude, *derived]
        events = (pghistory.UpdateEvent(row=pghistory.Old), pghistory.DeleteEvent())
        return pghistory.track(*events, **options)(model)

    return decorate
