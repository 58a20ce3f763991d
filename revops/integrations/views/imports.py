"""A file on its way in: upload, columns, dry run, result."""

from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from revops.core.errors import BadRequest, InvalidInput
from revops.core.keyset import paginate
from revops.core.views.lists import Action, Column, Empty, ListPage
from revops.integrations import services
from revops.integrations.exports import error_file
from revops.integrations.filters import ImportFilter
from revops.integrations.forms import RowForm, ShapeForm, UploadForm
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.registries import importers
from revops.integrations.selectors import import_list, rows_of

MAY = "integrations.import_leads"
TONES = {
    ImportRun.State.DONE: "ok",
    ImportRun.State.COMMITTING: "accent",
    ImportRun.State.UNDOING: "accent",
    ImportRun.State.CANCELLED: "bad",
}
VERDICT_TONES = {"create": "ok", "update": "accent", "same": "", "skip": "warn", "error": "bad"}
SHOWN_CELLS = {"create": 3, "update": 12}
PAGE = 50


def _kind(run: ImportRun) -> str:
    importer = importers.get(run.kind)
    return str(importer.label) if importer else run.kind


class ImportList(ListPage):
    """All imports that one may see."""

    title, noun = gettext_lazy("Imports"), gettext_lazy("imports")
    permission = MAY
    filters = ImportFilter
    search_fields = ("file_name",)
    file_name = "imports"
    order = "-when"
    columns = (
        Column("file", gettext_lazy("File"), "file_name", sort="file_name", sub=_kind),
        Column(
            "state",
            gettext_lazy("State"),
            lambda run: (run.get_state_display(), TONES.get(run.state, "")),
            kind="pill",
        ),
        Column("rows", gettext_lazy("Rows"), "row_count", kind="number", sort="row_count"),
        Column("created", gettext_lazy("Created"), lambda run: run.counts.get("create"), kind="number"),
        Column("updated", gettext_lazy("Updated"), lambda run: run.counts.get("update"), kind="number"),
        Column("refused", gettext_lazy("Refused"), lambda run: run.counts.get("error"), kind="number"),
        Column("who", gettext_lazy("By"), "created_by", kind="user"),
        Column("when", gettext_lazy("When"), "created_at", kind="datetime", sort="created_at"),
    )
    empty = Empty(
        gettext_lazy("No imports yet"),
        gettext_lazy("A CSV file of accounts, contacts, leads or deals is checked first, and can be undone after."),
        "upload",
        Action(gettext_lazy("Import a file"), "/imports/new/", "upload"),
    )

    def rows(self) -> Any:
        return import_list(viewer=self.viewer)

    def actions(self) -> list[Action]:
        return [Action(_("Import a file"), reverse("import-new"), "upload", primary=True)]


def shown_version(request: HttpRequest) -> int:
    """The version in the form: what the person saw."""
    raw = request.POST.get("version", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 9:
        raise BadRequest("version_missing", _("Send the version that you saw."))
    return int(raw)


def _run(request: HttpRequest, pk: int) -> ImportRun:
    return get_object_or_404(import_list(viewer=request.user), pk=pk)


def _crumbs(last: str) -> list[tuple[str, str]]:
    return [(_("Imports"), reverse("import-list")), (last, "")]


def _steps(now: int) -> list[dict[str, Any]]:
    names = (_("File"), _("Columns"), _("Check"), _("Done"))
    return [
        {"number": number, "name": name, "state": "done" if number < now else "now" if number == now else ""}
        for number, name in enumerate(names, 1)
    ]


# 1 file -----------------------------------------------------------------------------------


@login_required
@permission_required(MAY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file."""
    wanted = {"kind": request.GET.get("kind", "")} if request.method == "GET" else None
    form = UploadForm(request.POST or None, request.FILES or None, viewer=request.user, initial=wanted)
    if request.method == "POST" and form.is_valid():
        try:
            run = services.create_run(
                actor=request.user,
                kind=form.cleaned_data["kind"],
                upload=form.cleaned_data["file"],
                system=form.cleaned_data["system"],
            )
            return redirect("import-columns", pk=run.pk)
        except InvalidInput as refused:
            for error in refused.errors:
                form.add_error(error.pointer if error.pointer in form.fields else None, error.detail)
    context = {
        "form": form,
        "title": _("Import a file"),
        "crumbs": _crumbs(_("Import a file")),
        "steps": _steps(1),
        "submit_label": _("Upload and read it"),
        "cancel_url": reverse("import-list"),
    }
    return render(request, "integrations/new.html", context, status=422 if form.errors else 200)


# 2 columns --------------------------------------------------------------------------------


@login_required
@permission_required(MAY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column fills which field; how the file is written."""
    run = _run(request, pk)
    posted = request.POST if request.method == "POST" else None
    shape = {name: getattr(run, name) for name in (*ShapeForm.base_fields, "sheet")}
    form = ShapeForm(posted, initial=shape, sheets=run.sheets, encoding=run.encoding)
    if posted is not None and form.is_valid():
        try:
            return _map(request, run, form)
        except InvalidInput as refused:
            run = _run(request, pk)  # the columns may be kept already, and only the check refused
            for error in refused.errors:
                form.add_error(error.pointer if error.pointer in form.fields else None, error.detail)
    return _columns_page(request, run, form)


def _map(request: HttpRequest, run: ImportRun, form: ShapeForm) -> HttpResponse:
    shape = dict(form.cleaned_data)
    mapping = {str(place): request.POST.get(f"column-{place}", "") for place in range(len(run.columns))}
    how = ("encoding", "delimiter", "sheet")
    reread = any(shape.get(name, getattr(run, name)) != getattr(run, name) for name in how)
    version = shown_version(request)
    mapped = services.map_run(run=run, version=version, actor=request.user, mapping=mapping, **shape)
    if reread:
        return redirect("import-columns", pk=run.pk)
    if mapped.row_count > services.CHECKED_AT_ONCE:
        job = services.start_check(run=mapped, version=mapped.version, actor=request.user)
        return redirect("core:job", pk=job.pk)
    services.check_run(run=mapped, version=mapped.version, actor=request.user)
    return redirect("import-detail", pk=run.pk)


def _columns_page(request: HttpRequest, run: ImportRun, form: ShapeForm) -> HttpResponse:
    importer = importers.get(run.kind)
    chosen = {
        place: request.POST.get(f"column-{place}", run.mapping.get(str(place), "")) for place in range(len(run.columns))
    }
    context = {
        "run": run,
        "form": form,
        "title": _("Import %(kind)s: columns") % {"kind": _kind(run).lower()},
        "subtitle": _subtitle(run),
        "crumbs": _crumbs(run.file_name),
        "steps": _steps(2),
        "columns": [{"place": place, "chosen": chosen[place], **column} for place, column in enumerate(run.columns)],
        "fields": importer.fields if importer else [],
        "importer": importer,
    }
    return render(request, "integrations/columns.html", context, status=422 if form.errors else 200)


def _subtitle(run: ImportRun) -> str:
    text = _("%(file)s, %(rows)s rows, %(columns)s columns.")
    return text % {"file": run.file_name, "rows": f"{run.row_count:,}", "columns": len(run.columns)}


# 3 check, 4 done --------------------------------------------------------------------------


@login_required
@permission_required(MAY, raise_exception=True)
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The dry run before the commit, its progress, and the result after it."""
    run = _run(request, pk)
    if run.being_checked:
        return redirect("core:job", pk=run.job_id)
    if run.state in (ImportRun.State.UPLOADED, ImportRun.State.MAPPED):
        return redirect("import-columns", pk=run.pk)
    if run.state in (ImportRun.State.COMMITTING, ImportRun.State.UNDOING) and run.job_id and not run.stuck:
        return redirect("core:job", pk=run.job_id)
    verdict = request.GET.get("verdict", "")
    verdict = verdict if verdict in (*ImportRow.Verdict.values, "kept") else ""
    page = paginate(rows_of(run, verdict).order_by(), ["number"], request.GET.get("cursor") or None, PAGE)
    importer = importers.get(run.kind)
    labels = {field.key: str(field.label) for field in importer.fields} if importer else {}
    context = {
        **_page_texts(run),
        "run": run,
        "verdict": verdict,
        "lines": [_line(row, labels) for row in page.rows],
        "page": page,
        "tally": _tally(run, verdict),
        "mapping": _mapping(run),
        "to_write": run.counts.get("create", 0) + run.counts.get("update", 0),
        "importer": importer,
        "records_url": _records_url(run),
    }
    return render(request, "integrations/detail.html", context)


def _page_texts(run: ImportRun) -> dict[str, Any]:
    kind = _kind(run).lower()
    over = run.state != ImportRun.State.CHECKED
    titles = {
        ImportRun.State.CHECKED: _("Import %(kind)s: dry run"),
        ImportRun.State.DONE: _("Import %(kind)s: done"),
        ImportRun.State.UNDONE: _("Import %(kind)s: undone"),
        ImportRun.State.CANCELLED: _("Import %(kind)s: cancelled"),
    }
    title = titles.get(ImportRun.State(run.state), _("Import %(kind)s: stopped")) % {"kind": kind}
    note = "" if over else " " + _("Nothing is written yet.")
    return {
        "title": title,
        "subtitle": _subtitle(run) + note,
        "crumbs": _crumbs(run.file_name),
        "steps": _steps(5 if over else 3),
        "over": over,
    }


def _tally(run: ImportRun, verdict: str) -> list[dict[str, Any]]:
    counts = run.counts
    updated = _("updated, %(cells)s cells") % {"cells": f"{counts.get('cells', 0):,}"}
    parts = [
        ("create", _("created"), "ok"),
        ("update", updated if counts.get("update") else _("updated"), "accent"),
        ("same", _("unchanged"), "idle"),
        ("skip", _("left out"), "warn"),
        ("error", _("refused, with reasons"), "bad"),
    ]
    shown = [part for part in parts if part[0] != "skip" or counts.get("skip")]
    return [
        {"key": key, "label": label, "fill": fill, "count": counts.get(key, 0), "on": key == verdict}
        for key, label, fill in shown
    ]


def _mapping(run: ImportRun) -> list[dict[str, Any]]:
    importer = importers.get(run.kind)
    found = []
    for place, column in enumerate(run.columns):
        field = importer.field(run.mapping.get(str(place), "")) if importer else None
        match = field is not None and field.key in ("external_id", "name", "email", "sku", "username")
        found.append({"name": column["name"], "field": field, "match": match, "empty": column["empty"]})
    return found


def _line(row: ImportRow, labels: dict[str, str]) -> dict[str, Any]:
    """A row of the dry run with its cells: what was, what will be, or why not."""
    shown = SHOWN_CELLS.get(row.verdict, 0)
    cells = [
        {"label": labels.get(change["field"], change["field"]), "before": change["before"], "after": change["after"]}
        for change in row.changes[:shown]
    ]
    cells += [
        {"label": labels.get(error["field"], error["field"]), "wrong": error["value"], "message": error["message"]}
        for error in row.errors
    ]
    return {
        "row": row,
        "tone": VERDICT_TONES.get(row.verdict, ""),
        "cells": cells or [{}],
        "more": max(0, len(row.changes) - shown),
    }


def _records_url(run: ImportRun) -> str:
    importer = importers.get(run.kind)
    try:
        return reverse(importer.list_url) if importer and importer.list_url else ""
    except NoReverseMatch:
        return ""


@login_required
@permission_required(MAY, raise_exception=True)
@require_http_methods(["GET", "POST"])
def row(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Put one row right, or leave it out; the file is checked again."""
    run = _run(request, pk)
    staged, importer = get_object_or_404(run.rows.all(), number=number), importers.get(run.kind)
    if importer is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = RowForm(posted, importer=importer, row=staged, mapping=run.mapping)
    back = f"{reverse('import-detail', args=[run.pk])}?{urlencode({'verdict': request.GET.get('verdict', '')})}"
    if posted is not None and form.is_valid():
        job = services.correct_row(
            run=run, number=number, version=shown_version(request), actor=request.user, cells=form.cells(),
            leave_out=form.cleaned_data["leave_out"],
        )  # fmt: skip
        return redirect("core:job", pk=job.pk) if job else HttpResponseRedirect(back)
    context = {
        "form": form,
        "record": run,
        "title": _("Row %(number)s") % {"number": number},
        "subtitle": staged.problem or _subtitle(run),
        "crumbs": [*_crumbs(run.file_name)[:1], (run.file_name, back), (_("Row %(number)s") % {"number": number}, "")],
        "steps": _steps(3),
        "submit_label": _("Save and check again"),
        "cancel_url": back,
    }
    return render(request, "integrations/new.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def commit(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Write it, as a job."""
    go_on = bool(request.POST.get("go_on"))
    run = _run(request, pk)
    job = services.start_commit(run=run, version=shown_version(request), actor=request.user, go_on=go_on)
    return redirect("core:job", pk=job.pk)


@login_required
@permission_required(MAY, raise_exception=True)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Take it back, as a job."""
    job = services.start_undo(run=_run(request, pk), version=shown_version(request), actor=request.user)
    return redirect("core:job", pk=job.pk)


@login_required
@permission_required(MAY, raise_exception=True)
@require_GET
def errors(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows in the file's own columns, with one more that says why."""
    return error_file(_run(request, pk))
