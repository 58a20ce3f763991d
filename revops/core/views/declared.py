"""What a list declares of itself: the base of every ListPage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from django.views import View
from django_filters import FilterSet

from revops.core.templatetags.frame import changed_query
from revops.core.views.cells import Column
from revops.core.views.parts import Action, BulkAction, Chip, Empty, Figure, Tab

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Declared(LoginRequiredMixin, View):
    """The declarations, their defaults, and who may come in."""

    http_method_names = ["get", "head", "post", "options"]

    title: StrOrPromise = ""
    nav_key: str = ""
    permission: str = ""
    columns: Sequence[Column] = ()
    filters: type[FilterSet] | None = None
    search_fields: Sequence[str] = ()
    order: str = ""  # key of a column, with "-" for descending; "" sorts by newest key
    noun: StrOrPromise = gettext_lazy("rows")
    chips: Sequence[Chip] = ()
    tabs: Sequence[Tab] = ()
    bulk_actions: Sequence[BulkAction] = ()
    empty: Empty = Empty()
    page_size: int = 50
    panel_size: int = 5
    panel_columns: Sequence[str] = ()  # keys; without them the first, the state and the money
    template: str = "core/list.html"
    file_name: str = "export"

    @property
    def viewer(self) -> Any:
        """Who looks; nobody gets here without a login."""
        return self.request.user

    def rows(self) -> QuerySet[Any]:
        """The app's selector, for the person who looks: `lead_list(viewer=self.viewer)`."""
        raise NotImplementedError

    def strip(self, rows: QuerySet[Any]) -> Sequence[Figure]:
        """Sums over the whole filter."""
        return ()

    def actions(self) -> Sequence[Action]:
        """Buttons of the page head, at most one primary."""
        return ()

    def views(self) -> Sequence[Mapping[str, Any]]:
        """The same rows seen otherwise: {label, url, icon, current}; `self.query()` keeps the filter."""
        return ()

    def query(self) -> str:
        """The filter of this page as a query string, for links to the same rows elsewhere."""
        return changed_query(self.request.GET, columns="")

    def crumbs(self) -> list[tuple[Any, str]]:
        return [(self.title, "")]

    def row_url(self, row: Any) -> str:
        return row.get_absolute_url()

    def extra(self) -> dict[str, Any]:
        """More context for a template of one's own."""
        return {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and self.permission and not request.user.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)
