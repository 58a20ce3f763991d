"""Documents: the list, one document, handing in, downloading, hanging on records."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import services
from accounts.files import SHOWN_IN_PLACE, download
from accounts.filters import DocumentFilter
from accounts.forms import DocumentForm, UploadForm, VersionForm, refused
from accounts.models import Document
from accounts.selectors import document_list, same_file
from accounts.shelves import record_of, shelves
from accounts.views.records import shown_version
from revops.core.errors import InvalidInput, NoRoom, NotAllowed
from revops.core.registries import panels_for
from revops.core.scope import require, within_reach
from revops.core.views.lists import Action, Column, Empty, ListPage, Tab


class DocumentList(ListPage):
    """Papers, and the knowledge that salespeople reach for."""

    title, nav_key, noun = gettext_lazy("Documents"), "documents", gettext_lazy("documents")
    permission = "accounts.view_document"
    filters = DocumentFilter
    order = "-created"
    file_name = "documents"
    columns = (
        Column("title", gettext_lazy("Document"), sort="title", sub=lambda row: getattr(row, "snippet", None) or ""),
        Column("kind", gettext_lazy("Kind"), lambda row: row.get_kind_display(), sort="kind"),
        Column("file", gettext_lazy("File"), "newest.name"),
        Column("size", gettext_lazy("Size"), lambda row: filesizeformat(row.newest.size)),
        Column("number", gettext_lazy("Version"), "newest.number", kind="number", phone=False),
        Column("access", gettext_lazy("Readers"), lambda row: row.get_access_display(), hidden=True),
        Column("owner", gettext_lazy("Owner"), kind="user"),
        Column("created", gettext_lazy("Handed in"), "created_at", kind="datetime", sort="created_at"),
    )
    panel_columns = ("title", "size")
    tabs = (
        Tab(gettext_lazy("All")),
        Tab(gettext_lazy("Mine"), {"mine": "true"}),
        Tab(gettext_lazy("Sales material"), {"kind": "collateral"}),
    )
    empty = Empty(
        gettext_lazy("No documents yet"),
        gettext_lazy("Offers, contracts, minutes and sales material, each in its versions."),
        "paperclip",
        Action(gettext_lazy("Hand in a document"), "/documents/new/", "upload"),
    )

    def rows(self) -> QuerySet[Any]:
        rows = document_list(viewer=self.viewer)
        return rows if "archived" in self.request.GET else rows.filter(archived_at__isnull=True)

    def actions(self) -> list[Action]:
        if not self.viewer.has_perm("accounts.add_document"):
            return []
        about = self.request.GET.get("about", "")
        url = reverse("document-new") + (f"?about={about}" if about else "")
        return [Action(_("Hand in"), url, "upload", primary=True)]

    @property
    def panel_action(self) -> Action | None:
        """On the page of another record."""
        return next(iter(self.actions()), None)


def document_of(request: HttpRequest, pk: int) -> Document:
    return get_object_or_404(document_list(viewer=request.user), pk=pk)


def may_change(user: Any, document: Document) -> bool:
    """As the services see it: the owner's reach, or who looks after everybody's documents."""
    if not user.has_perm("accounts.change_document"):
        return False
    own = Document.objects.visible_to(user).filter(within_reach(user), pk=document.pk).exists()
    return own or user.has_perm("accounts.manage_documents")


@login_required
@permission_required("accounts.view_document", raise_exception=True)
@require_GET
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """One document with its versions and the records that it hangs on."""
    return _page(request, document_of(request, pk), VersionForm())


def _page(request: HttpRequest, record: Document, form: VersionForm, status: int = 200) -> HttpResponse:
    context = {
        "document": record,
        "title": record.title,
        "record_icon": "paperclip",
        "nav_key": "documents",
        "crumbs": [(_("Documents"), reverse("document-list")), (record.title, "")],
        "versions": record.versions.select_related("uploaded_by").order_by("-number"),
        "hangs_on": _places(request.user, record),
        "twins": same_file(document=record, viewer=request.user)[:5],
        "form": form,
        "may_change": may_change(request.user, record),
        "in_place": record.newest.content_type in SHOWN_IN_PLACE,
        "panels": panels_for("accounts.document", record, request.user),  # type: ignore[arg-type]
    }
    return render(request, "accounts/document.html", context, status=status)


def _places(viewer: Any, record: Document) -> list[dict[str, Any]]:
    """The records that it hangs on, of those that the viewer sees. One query a kind of record."""
    found = []
    for shelf in shelves:
        links: Any = shelf.link._default_manager
        keys = links.filter(document=record).values("record_id")
        for row in shelf.model.objects.visible_to(viewer).filter(pk__in=keys).order_by("pk")[:20]:
            about = f"{shelf.key}:{row.pk}"
            found.append({"label": shelf.label, "name": str(row), "url": row.get_absolute_url(), "about": about})
    return found


@login_required
@permission_required("accounts.add_document", raise_exception=True)
@require_http_methods(["GET", "POST"])
def document_new(request: HttpRequest) -> HttpResponse:
    """Hand in one file or several; `?about=lead:12` hangs them on that record."""
    about = request.GET.get("about", "")
    shelf, record = record_of(about, request.user) if about else (None, None)
    if shelf is not None:
        require(request.user, shelf.permission)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        link = shelf.link if shelf else None
        try:
            made = [
                services.upload_document(actor=request.user, upload=one, link=link, record=record, **form.facts())
                for one in form.cleaned_data["file"]
            ]
        except (InvalidInput, NoRoom) as error:
            refused(form, error)
        else:
            messages.success(request, _("Handed in."))
            return redirect((record or made[0]).get_absolute_url())  # type: ignore[attr-defined]
    where = record.get_absolute_url() if record else reverse("document-list")  # type: ignore[attr-defined]
    context = {
        "form": form,
        "title": _("Hand in documents"),
        "subtitle": _("for %(record)s") % {"record": record} if record else "",
        "nav_key": "documents",
        "crumbs": [(_("Documents"), reverse("document-list")), (_("Hand in"), "")],
        "submit_label": _("Hand in"),
        "cancel_url": where,
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required("accounts.change_document", raise_exception=True)
@require_http_methods(["GET", "POST"])
def document_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, kind and readers."""
    record = document_of(request, pk)
    if not may_change(request.user, record):
        raise NotAllowed(_("Only its owner, or who looks after all documents, can change this one."))
    facts = {"title": record.title, "kind": record.kind, "access": record.access}
    form = DocumentForm(request.POST or None, initial=facts)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_document(
                document=record, version=shown_version(request), actor=request.user, **form.cleaned_data
            )
        except InvalidInput as error:
            refused(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(record)
    context = {
        "form": form,
        "title": _("Edit %(name)s") % {"name": record},
        "nav_key": "documents",
        "crumbs": [
            (_("Documents"), reverse("document-list")),
            (str(record), record.get_absolute_url()),
            (_("Edit"), ""),
        ],
        "record": record,
        "version": request.POST.get("version") or record.version,
        "cancel_url": record.get_absolute_url(),
    }
    return render(request, "core/form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def document_renew(request: HttpRequest, pk: int) -> HttpResponse:
    """A newer file."""
    record = document_of(request, pk)
    form = VersionForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.add_version(
                document=record,
                version=shown_version(request),
                actor=request.user,
                upload=form.cleaned_data["file"],
                note=form.cleaned_data["note"],
            )
        except (InvalidInput, NoRoom) as error:
            refused(form, error)
        else:
            messages.success(request, _("The new version is the one that counts now."))
            return redirect(record)
    return _page(request, record, form, status=422)


@login_required
@require_POST
def document_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it out of lists, or bring it back."""
    record = document_of(request, pk)
    act = services.restore_document if record.archived_at else services.archive_document
    act(document=record, version=shown_version(request), actor=request.user)
    messages.success(request, _("Restored.") if record.archived_at else _("Archived."))
    return redirect(record)


@login_required
@require_POST
def document_unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it off a record."""
    record = document_of(request, pk)
    shelf, place = record_of(request.POST.get("about", ""), request.user)
    require(request.user, shelf.permission)
    services.unlink_document(document=record, link=shelf.link, record=place, actor=request.user)
    messages.success(request, _("Taken off."))
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else record)


@login_required
@permission_required("accounts.view_document", raise_exception=True)
@require_GET
def document_download(request: HttpRequest, pk: int, number: int) -> FileResponse:
    """The file of one version. `?show=1` opens pictures and PDF in the browser; all else is saved, never run."""
    record = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    version = get_object_or_404(record.versions, number=number)
    return download(version, in_place=request.GET.get("show") == "1")
