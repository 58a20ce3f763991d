"""Saved views of lists, and what each person does with them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from revops.core.models.base import BaseModel
from revops.core.places import address_of, places_of


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: Any) -> "SavedViewQuerySet":
        """One's own, and those that are shared by whoever may open the list."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(Q(owner=user) | Q(shared=True), place__in=places_of(user))


class SavedView(BaseModel):
    """A list's filter, sort, columns and layout under a name. It says what to ask, never whose rows: scope decides."""

    class Layout(models.TextChoices):
        LIST = "list", _("List")
        BOARD = "board", _("Board")
        CALENDAR = "calendar", _("Calendar")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    place = models.CharField(max_length=40)
    layout = models.CharField(max_length=8, choices=Layout.choices, default=Layout.LIST)
    name = models.CharField(max_length=80)
    shared = models.BooleanField(default=False)
    params = models.JSONField(default=dict, help_text=_("Filters: {name: [values]}."))
    sort = models.CharField(max_length=60, blank=True, default="")
    columns = models.JSONField(default=list)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("owner", "place", Lower("name"), name="saved_view_name_once_per_person"),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_name"),
        ]
        indexes = [models.Index(fields=["place", "shared"], name="saved_view_by_place")]
        permissions = [
            ("share_savedview", "Can share a view of a list with everybody who may open it"),
            ("manage_savedview", "Can change and delete shared views of other people"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{address_of(self.place, self.layout)}?view={self.pk}"

    def filter_params(self) -> QueryDict:
        """The filter as a list page or an API list takes it: `view=<id>` stands for exactly these."""
        query = QueryDict(mutable=True)
        for name, values in self.params.items():
            query.setlist(name, [str(value) for value in values])
        return query

    def all_params(self) -> QueryDict:
        """The filter with sort and columns: the whole state of the page."""
        query = self.filter_params()
        if self.sort:
            query["sort"] = self.sort
        if self.columns:
            query["columns"] = ",".join(self.columns)
        return query


class ViewChoiceQuerySet(models.QuerySet["ViewChoice"]):
    def visible_to(self, user: Any) -> "ViewChoiceQuerySet":
        """One's own alone."""
        return self.filter(person=user)


class ViewChoice(models.Model):
    """A person's pin (tabs above the list, in this order) and default among the views of a list."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="view_choices")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="choices")
    place = models.CharField(max_length=40)
    pinned = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ViewChoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "view"], name="view_choice_once"),
            models.UniqueConstraint(
                fields=["person", "place"], condition=Q(is_default=True), name="view_choice_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.view}"
