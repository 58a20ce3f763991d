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

from revops.core.custom.columns import columns
from revops.core.custom.filters import extended, on_panel
from revops.core.models import CustomData
from revops.core.templatetags.frame import changed_query
from revops.core.views.cells import Column
from revops.core.views.custom import CustomEditor
from revops.core.views.editors import Editor
from revops.core.views.parts import Action, BulkAction, Chip, Empty, Figure, Tab

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Declared(LoginRequiredMixin, View):
    """The declarations, their defaults, and who may come in."""

    http_method_names = ["get", "head", "post", "options"]

    place: str = ""  # key in core.places: saved views, bulk jobs and the other layouts go by it
    layout: str = "list"
    more_params: Sequence[str] = ()  # parameters of the page's own, besides its filter
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
    custom: type[CustomData] | None = None  # whose custom fields are columns and filters here
    editor: Editor | None = None  # how cells are edited in place; columns say which field by `edit`

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Custom fields stand beside the list's own columns and filters, as they are defined at this moment."""
        super().setup(request, *args, **kwargs)
        if self.custom is not None:
            self.columns = (*self.columns, *columns(self.custom))
            self.filters = extended(self.filters, on_panel(self.custom)) if self.filters else None
            self.editor = CustomEditor(self.editor, self.custom) if self.editor else None

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

    def allowed(self, user: Any) -> bool:
        """Whether this person may open the list at all."""
        return not self.permission or user.has_perm(self.permission)

    @property
    def may_edit(self) -> bool:
        """Whether the viewer edits cells in place."""
        editor = self.editor
        return editor is not None and (not editor.permission or self.viewer.has_perm(editor.permission))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not self.allowed(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)
