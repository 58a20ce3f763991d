"""Cells of deals edited in place, and what is done with many deals at once."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import owners
from opportunities import services
from opportunities.forms import OpportunityForm
from opportunities.models import Opportunity, Stage
from opportunities.selectors.opportunities import board_stages
from revops.core.bulk import old_value
from revops.core.errors import IllegalState
from revops.core.views.editors import Editor
from revops.core.views.parts import BulkAction
from revops.users.models import User

MAY = "opportunities.change_opportunity"
FREE_WHEN_CLOSED = ("name", "source", "contact")


class OpportunityEditor(Editor):
    permission = MAY

    def form(self, viewer: Any, record: Any = None) -> forms.BaseForm:
        return OpportunityForm(viewer=viewer, record=record or Opportunity())

    def change(self, *, row: Opportunity, name: str, value: Any, version: int | None, actor: Any) -> Opportunity:
        return services.update_opportunity(opportunity=row, version=version, actor=actor, **{name: value})

    def allows(self, row: Opportunity, name: str) -> bool:
        return row.status == Opportunity.Status.OPEN or name in FREE_WHEN_CLOSED


class OwnerForm(forms.Form):
    """To whom."""

    owner = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Owner"))

    def __init__(self, data: Any, viewer: Any) -> None:
        super().__init__(data)
        self.fields["owner"].queryset = owners(viewer)  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """When they are expected to close."""

    close_on = forms.DateField(label=_("Close date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, data: Any, _viewer: Any = None) -> None:
        super().__init__(data)


class StageForm(forms.Form):
    """An open stage of the default pipeline. Winning and losing ask more: they are done one by one."""

    stage = forms.ChoiceField(label=_("Stage"))

    def __init__(self, data: Any, _viewer: Any = None) -> None:
        super().__init__(data)
        stages = [stage for stage in board_stages() if stage.kind == Stage.Kind.OPEN]
        self.fields["stage"].choices = [(stage.key, stage.label) for stage in stages]  # type: ignore[attr-defined]


class TeamForm(forms.Form):
    """Who works on them, too."""

    user = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Person"))
    role = forms.CharField(max_length=40, label=_("As what?"))

    def __init__(self, data: Any, viewer: Any) -> None:
        super().__init__(data)
        self.fields["user"].queryset = owners(viewer)  # type: ignore[attr-defined]


EDITOR = OpportunityEditor()


def _set(*, row: Opportunity, actor: Any, **values: Any) -> Opportunity:
    return services.update_opportunity(opportunity=row, version=None, actor=actor, **values)


def _back(name: str) -> Any:
    def undo(*, row: Opportunity, before: Any, actor: Any) -> Opportunity:
        return _set(row=row, actor=actor, **{name: old_value(row, before, name)})

    return undo


def _move(*, row: Opportunity, actor: Any, stage: str) -> Opportunity:
    return services.move_opportunity(opportunity=row, stage=stage, version=None, actor=actor)


def _move_back(*, row: Opportunity, before: Any, actor: Any) -> Opportunity:
    stage = old_value(row, before, "stage")
    if row.status != Opportunity.Status.OPEN or stage.kind != Stage.Kind.OPEN:
        raise IllegalState("closed", gettext("It has been closed."))
    return services.move_opportunity(opportunity=row, stage=stage, version=None, actor=actor)


def _join(*, row: Opportunity, actor: Any, user: Any, role: str) -> Any:
    return services.add_team_member(opportunity=row, user=user, role=role, actor=actor)


def _archive(*, row: Opportunity, actor: Any) -> Opportunity:
    return services.archive_opportunity(opportunity=row, version=None, actor=actor)


def _restore(*, row: Opportunity, before: Any, actor: Any) -> Opportunity:
    return services.restore_opportunity(opportunity=row, version=None, actor=actor)


ACTIONS = (
    BulkAction("stage", _("Move to stage"), _move, "arrow-right", MAY, form=StageForm, undo=_move_back),
    BulkAction("owner", _("Change owner"), _set, "user-share", MAY, form=OwnerForm, undo=_back("owner")),
    BulkAction("close", _("Close date"), _set, "calendar", MAY, form=CloseForm, undo=_back("close_on")),
    BulkAction("team", _("Add to team"), _join, "users-plus", MAY, form=TeamForm),
    BulkAction("archive", _("Archive"), _archive, "archive", MAY, undo=_restore),
)
