"""Bulk actions of a list: what is on offer, the question before it, and the job that does it."""

from __future__ import annotations

import re
import uuid
from typing import Any, Self

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from revops.core import bulk, jobs
from revops.core.errors import BadRequest
from revops.core.models import JobRun
from revops.core.registries import permitted
from revops.core.templatetags.frame import changed_query
from revops.core.views.editors import FieldForm
from revops.core.views.parts import BulkAction
from revops.core.views.showing import Showing


class Acting(Showing):
    """A POST with `action` over the ticked rows (`pk`), or over the whole filter (`all`)."""

    @classmethod
    def seen_by(cls, user: Any, query: str = "") -> Self:
        """The page as `user` has it at this address, for a job that goes on without a request."""
        request = HttpRequest()
        request.method, request.GET, request.user = "GET", QueryDict(query.removeprefix("?")), user
        page = cls()
        page.setup(request)
        return page

    def bulk_action(self, key: str) -> BulkAction | None:
        """An action of this list that the viewer may do."""
        return next((action for action in self._bulk() if action.key == key), None)

    def _bulk(self) -> list[BulkAction]:
        declared = [action for action in self.bulk_actions if permitted(action, self.viewer)]
        return declared if not (self.place and self.may_edit) else [self._edit_action(), *declared]

    def _edit_action(self) -> BulkAction:
        """Any field that is edited in place, for many rows."""
        editor: Any = self.editor
        names = {column.edit: column.label for column in self.columns if column.edit}

        def form(data: Any, viewer: Any) -> FieldForm:
            return FieldForm(data, editor=editor, viewer=viewer, names=names)

        return BulkAction(
            "edit", gettext_lazy("Edit a field"), editor.set_field, "pencil", editor.permission, form=form,
            undo=editor.undo,
        )  # fmt: skip

    def _bulk_context(self) -> dict[str, Any]:
        """The actions with their unbound forms."""
        found = self._bulk()
        asks = [(action, self._question(action)) for action in found if action.asks]
        return {"bulk": found, "bulk_forms": asks, "bulk_token": uuid.uuid4().hex}

    def _question(self, action: BulkAction) -> Any:
        if action.form is None:
            return None
        form = action.form(None, self.viewer)
        form.prefix = action.key
        return form

    def _value_control(self, request: HttpRequest) -> HttpResponse:
        """The control for the field chosen in "edit a field"."""
        action = self.bulk_action("edit")
        form = action.form(request.GET, self.viewer) if action and action.form else None
        if form is None or "value" not in form.fields:
            raise BadRequest("not_editable", _("This column cannot be edited here."))
        form.is_bound, form.prefix = False, "edit"
        return render(request, "core/bulk_value.html", {"field": form["value"]})

    def _do_bulk(self, request: HttpRequest) -> HttpResponse:
        _filters, rows = self._filtered()
        action = self.bulk_action(request.POST.get("action", ""))
        if action is None or not self.place:
            raise BadRequest("unknown_action", _("This list has no such action for you."))
        if not request.POST.get("all"):
            picked = request.POST.getlist("pk")
            if not picked or not all(re.fullmatch(r"[0-9]{1,18}", key) for key in picked):
                raise BadRequest("nothing_selected", _("Select at least one row first."))
            rows = rows.filter(pk__in=picked)
        data = self._asked(action, request)
        action.values(data, self.viewer)
        job = bulk.start(
            place=self.place, action=action.key, title=f"{self.title}: {action.label}", rows=rows, actor=self.viewer,
            data=data, query=changed_query(request.GET), token=request.POST.get("token", ""),
        )  # fmt: skip
        if job.total > bulk.AT_ONCE:
            return HttpResponseRedirect(reverse("core:job", args=[job.pk]))
        job = jobs.run(str(job.pk))
        tell(request, job)
        return HttpResponseRedirect(request.path + changed_query(request.GET))

    def _asked(self, action: BulkAction, request: HttpRequest) -> dict[str, list[str]]:
        """What was posted for the action's own form; its names carry the action's key in front."""
        start = f"{action.key}-"
        found = {name.removeprefix(start): values for name, values in request.POST.lists() if name.startswith(start)}
        return {name: [str(value) for value in values] for name, values in found.items()}


def tell(request: HttpRequest, job: JobRun) -> None:
    """What a short bulk job did, with the way back."""
    changed, refused = job.counts.get("changed", 0), job.counts.get("refused", 0)
    text = ngettext("%(n)s row changed.", "%(n)s rows changed.", changed) % {"n": changed}
    if refused:
        first = bulk.refused_rows(job).first()
        said = f"{first.label}: {first.reason}" if first else ""
        text += " " + _("%(n)s refused, the first: %(first)s") % {"n": refused, "first": said}
    undo = bulk.undo_until(job) is not None
    context = {"text": text, "job": job, "undo": undo, "more": refused > 0}
    message = render_to_string("core/bulk_done.html", context, request)
    (messages.warning if refused else messages.success)(request, message)
