"""What people type to find a record: one text a row in small letters, and the words that such texts are made of."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Value
from django.db.models.functions import Collate, Concat, Lower


def search_field(*fields: str | tuple[str, ...]) -> models.GeneratedField:
    """A stored column of these fields in small letters; a tuple is one field of several columns (first, last name).

    Every word has a space before it, so that "% word" finds word starts; a tab ends a field, so that a whole name
    sorts before the longer names that begin with it.
    """
    parts: list[str | Value] = []
    for field in fields:
        for column in (field,) if isinstance(field, str) else field:
            parts += [Value(" "), column]
        parts.append(Value("\t"))
    return models.GeneratedField(
        expression=Lower(Concat(*parts)), output_field=models.TextField(), db_persist=True, editable=False
    )


def search_indexes(name: str) -> list[models.Index]:
    """Inside (three letters), and by the start in the order of letters, whatever the database's own order is."""
    return [
        GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name=f"{name}_search_inside"),
        models.Index(Collate("search", "C"), name=f"{name}_search_start"),
    ]


class SearchWord(models.Model):
    """A word that stands in records of a kind. `near` is the word, and the word without each one of its letters:
    two spellings one mistake apart have a member in common.
    """

    kind = models.CharField(max_length=20)
    word = models.CharField(max_length=30)
    near = ArrayField(models.CharField(max_length=30))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "word"], name="search_word_once")]
        indexes = [
            GinIndex(fields=["near"], name="search_word_near"),
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="search_word_alike"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.word}"
