"""What merges did: enough to take each of them apart again."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.core.registries import merge_kinds
from revops.core.scope import NOBODY


class MergeQuerySet(models.QuerySet["MergeRecord"]):
    def visible_to(self, user: Any) -> Self:
        """With the record that stayed."""
        seen = NOBODY
        for kind in merge_kinds:
            rows: Any = kind.model._default_manager
            seen |= Q(model=kind.key, winner_id__in=rows.visible_to(user).values("pk"))
        return self.filter(seen)

    def standing(self) -> Self:
        return self.filter(undone_at__isnull=True)


class MergeRecord(models.Model):
    """Two records became one: `loser_id` is an alias of `winner_id` until the merge is taken apart.

    Values are kept as text, by column: of the winner what the merge changed, of the loser everything.
    """

    model = models.CharField(max_length=80)
    winner_id = models.BigIntegerField()
    loser_id = models.BigIntegerField()
    loser_label = models.CharField(max_length=200)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    merged_at = models.DateTimeField()
    winner_before = models.JSONField(default=dict)
    winner_after = models.JSONField(default=dict)
    loser_before = models.JSONField(default=dict)
    moved = models.PositiveIntegerField(default=0)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    kept = models.JSONField(default=list)

    objects = MergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "loser_id"], condition=Q(undone_at__isnull=True), name="merge_one_of_a_loser"
            ),
            models.CheckConstraint(condition=~Q(winner_id=F("loser_id")), name="merge_of_two"),
        ]
        indexes = [models.Index(fields=["model", "winner_id", "-id"], name="merge_by_winner")]

    def __str__(self) -> str:
        return self.loser_label


class MergeMove(models.Model):
    """One row that a merge touched: pointed at the winner, or put away because the winner had its like."""

    class Kind(models.TextChoices):
        MOVED = "moved", _("Moved")
        PUT_AWAY = "put_away", _("Put away")

    merge = models.ForeignKey(MergeRecord, on_delete=models.CASCADE, related_name="moves")
    relation = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    row_id = models.CharField(max_length=40)
    row = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "relation", "row_id"], name="merge_move_once"),
        ]

    def __str__(self) -> str:
        return f"{self.relation} {self.row_id}"


class Mergeable(models.Model):
    """A record that may become an alias of another one, which then stands for both.

    An alias is archived, has no alias of its own and leads to no alias, so one look is enough and no circle can close.
    """

    merged_into = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="aliases"
    )

    class Meta:
        abstract = True


def merge_rules(name: str) -> list[models.BaseConstraint]:
    """Constraints that go with Mergeable; `name` begins their names."""
    return [
        models.CheckConstraint(
            condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name=f"{name}_no_alias_of_itself"
        ),
        models.CheckConstraint(
            condition=Q(merged_into__isnull=True) | Q(archived_at__isnull=False), name=f"{name}_alias_is_archived"
        ),
    ]


def alias_triggers(name: str) -> list[pgtrigger.Trigger]:
    """Triggers that go with Mergeable: the lock makes two merges at the same moment come one after the other."""
    return [
        pgtrigger.Trigger(
            name=f"{name}_no_alias_of_an_alias",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.UpdateOf("merged_into_id"),
            condition=pgtrigger.Q(new__merged_into__isnull=False),
            func=pgtrigger.Func("""
                PERFORM 1 FROM {meta.db_table} WHERE id = NEW.merged_into_id FOR UPDATE;
                IF EXISTS (SELECT 1 FROM {meta.db_table} WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)
                    OR EXISTS (SELECT 1 FROM {meta.db_table} WHERE merged_into_id = NEW.id)
                THEN
                    RAISE EXCEPTION 'an alias leads to no alias' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            """),
        )
    ]
