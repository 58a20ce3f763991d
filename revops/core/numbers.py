"""Gapless document numbers, taken under a row lock inside the issuing transaction: a rollback gives them back."""

from revops.core.models import LegalEntity, NumberSeries


def next_number(*, entity: LegalEntity, kind: str, year: int) -> int:
    """The next number of (entity, kind, year), from 1. Call it inside the transaction that issues the document."""
    return next_numbers(entity=entity, kind=kind, year=year, count=1)[0]


def next_numbers(*, entity: LegalEntity, kind: str, year: int, count: int) -> range:
    """The next `count` numbers in one go, for set-based writers."""
    NumberSeries.objects.bulk_create(
        [NumberSeries(entity=entity, kind=kind, year=year)],
        ignore_conflicts=True,
    )
    series = NumberSeries.objects.select_for_update().get(entity=entity, kind=kind, year=year)
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return range(first, series.last + 1)


def document_number(*, prefix: str, entity: LegalEntity, kind: str, year: int) -> str:
    """A printable number such as INV-2026-00042; the entity's code is in it unless it is the default entity."""
    return printed(prefix, entity, year, next_number(entity=entity, kind=kind, year=year))


def printed(prefix: str, entity: LegalEntity, year: int, number: int) -> str:
    """How a document's number is written."""
    middle = f"{year}" if entity.is_default else f"{entity.code}-{year}"
    return f"{prefix}-{middle}-{number:05d}"
