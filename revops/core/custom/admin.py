"""Custom fields in the administration: what is saved here stands in every form, list, file and answer at once."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.core.admin import ServiceAdmin, VersionedForm
from revops.core.custom import checking, services
from revops.core.custom.definitions import ALWAYS, Home, homes
from revops.core.custom.kinds import BadValue
from revops.core.custom.reading import read, written
from revops.core.custom.values import said
from revops.core.errors import InvalidInput
from revops.core.models import CustomField

RETIRED = "#"
# Where a refusal of the service stands in this form.
SHOWN_AT = {"choices": "choices_text", "default": "default_text"}


class CustomFieldForm(VersionedForm):
    """A definition. Choices are lines; steps and successors are those of the kind of record."""

    model = forms.ChoiceField(label=gettext_lazy("Records"))
    key = forms.CharField(
        required=False,
        max_length=checking.KEY_LENGTH,
        label=gettext_lazy("Key"),
        help_text=gettext_lazy("How files and the API name it; left empty, it is made of the label. Never changes."),
    )
    choices_text = forms.CharField(
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        label=gettext_lazy("Choices"),
        help_text=gettext_lazy(
            "One a line, in the order in which they are offered. A line taken out is retired: records keep it,"
            " nobody chooses it anew. Retired ones start with #. “value = Label” names the stored value."
        ),
    )
    required_at = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Needed"),
        help_text=gettext_lazy("From the chosen state or stage on, and in those past it."),
    )
    default_text = forms.CharField(
        required=False,
        max_length=10_000,
        label=gettext_lazy("Default"),
        help_text=gettext_lazy("For new records, as one would type it: yes, 2026-11-17, 100 EUR, a choice's label."),
    )
    carried_to = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Goes along to"),
        help_text=gettext_lazy("When the record is converted, to a field of the same key and kind."),
    )

    class Meta:
        model = CustomField
        fields = [
            "model", "key", "label", "help_text", "kind", "required_at", "group", "position", "in_list", "carried_to",
            "is_active", "is_indexed",
        ]  # fmt: skip
        labels = {
            "group": gettext_lazy("Heading"),
            "in_list": gettext_lazy("Shown in lists without being chosen"),
            "is_active": gettext_lazy("In use"),
            "is_indexed": gettext_lazy("Indexed"),
        }
        help_texts = {
            "is_active": gettext_lazy("Retired fields keep their values, and are shown nowhere."),
            "is_indexed": gettext_lazy("Filters and sorting stay fast in large lists; each write costs a little more."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: CustomField = self.instance
        known = homes.get(field.model) if field.pk else None
        shown = [known] if known else list(homes)
        if "model" in self.fields:
            self.fields["model"].choices = [(home.key, home.label) for home in homes]  # type: ignore[attr-defined]
        self.fields["required_at"].choices = _steps(shown)  # type: ignore[attr-defined]
        self.fields["carried_to"].choices = _successors(shown)  # type: ignore[attr-defined]
        if field.pk:
            self.initial["required_at"] = [
                f":{one}" if one == ALWAYS else f"{field.model}:{one}" for one in field.required_at
            ]
            self.fields["choices_text"].initial = lines_of(field.choices)
            default = field.default
            self.fields["default_text"].initial = written(field, default, said(field, default) if default else "")
            if default is False:
                self.fields["default_text"].initial = _("no")
        else:
            self.fields["carried_to"].initial = list(dict.fromkeys(one for home in homes for one in home.carried_to))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        try:
            return self._checked(data)
        except InvalidInput as refused:
            for one in refused.errors:
                name = SHOWN_AT.get(one.pointer, one.pointer)
                self.add_error(name if name in self.fields else None, one.detail)
        return data

    def _checked(self, data: dict[str, Any]) -> dict[str, Any]:
        """The form's values as the service takes them, after the service's own checks."""
        record = self.instance
        model, kind = data.get("model") or record.model, data.get("kind") or record.kind
        home = checking.home_of(model)
        if not record.pk:
            data["key"] = data.get("key") or checking.key_for(data["label"])
            checking.refuse_key(model, data["key"])
        values = {
            "choices": rows_of(data.pop("choices_text", "")),
            "required_at": [value.partition(":")[2] for value in data["required_at"] if _is_of(value, model)],
            "carried_to": [value for value in data["carried_to"] if value in home.carried_to],
        }
        trial = CustomField(model=model, kind=kind, choices=record.choices if record.pk else [])
        checked = checking.tidied(trial, values, home)
        try:
            checked["default"] = read(trial, data.pop("default_text", ""))
        except BadValue as refused:
            raise InvalidInput.of(default=str(refused))
        return {**data, **checking.tidied(trial, {"default": checked.pop("default")}, home), **checked}


def _is_of(value: str, model: str) -> bool:
    return value.partition(":")[0] in ("", model)


def _steps(shown: list[Home]) -> list[Any]:
    groups = [(home.label, [(f"{home.key}:{step.value}", step.label) for step in home.steps(None)]) for home in shown]
    return [(f":{ALWAYS}", _("Always")), *((label, steps) for label, steps in groups if steps)]


def _successors(shown: list[Home]) -> list[tuple[str, Any]]:
    keys = dict.fromkeys(key for home in shown for key in home.carried_to)
    labels = {home.key: home.label for home in homes}
    return [(key, labels[key]) for key in keys if key in labels]


def lines_of(choices: list[dict[str, Any]]) -> str:
    """Choices as lines."""
    lines = []
    for row in choices:
        plain = checking.key_for(row["label"]) == row["value"] or row["label"] == row["value"]
        text = row["label"] if plain else f"{row['value']} = {row['label']}"
        lines.append(f"{RETIRED} {text}" if row.get("retired") else text)
    return "\n".join(lines)


def rows_of(text: str) -> list[dict[str, Any]]:
    """Lines as choices."""
    rows = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare.strip(RETIRED).strip():
            continue
        value, sign, label = bare.lstrip(RETIRED).strip().partition(" = ")
        row = {"value": value.strip(), "label": label.strip()} if sign else {"label": value.strip()}
        rows.append({**row, "retired": bare.startswith(RETIRED)})
    return rows


@admin.register(CustomField)
class CustomFieldAdmin(ServiceAdmin):
    """Definitions are added, changed, retired; none is deleted."""

    form = CustomFieldForm
    list_display = ["label", "key", "records", "kind", "group", "position", "in_list", "is_active", "index_state"]
    list_filter = ["model", "kind", "is_active"]
    search_fields = ["label", "key"]
    ordering = ["model", "position", "pk"]
    fields: ClassVar[Any] = [
        "shown_version", "model", "key", "label", "help_text", "kind", "choices_text", "default_text", "required_at",
        "group", "position", "in_list", "carried_to", "is_active", "is_indexed",
    ]  # fmt: skip

    @admin.display(description=gettext_lazy("Records"), ordering="model")
    def records(self, field: CustomField) -> str:
        """The kind of record, in words."""
        home = homes.get(field.model)
        return str(home.label) if home else field.model

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["records", "key", "index_state", "index_error"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fields
        shown = ["records" if name == "model" else name for name in self.fields]
        return [*shown, "index_state", "index_error"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:  # what never changes is shown, not asked
            for name in ("model", "key"):
                made.base_fields.pop(name, None)
        return made

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm(services.PERMISSION)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def create(self, actor: Any, values: dict[str, Any]) -> Model:
        return services.create_field(actor=actor, **values)

    def change(self, record: Any, version: int | None, actor: Any, values: dict[str, Any]) -> Model:
        return services.update_field(field=record, version=version, actor=actor, **values)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Lines and words became values in the form's `clean`; the service compares them with what stands."""
        values = {
            name: value for name, value in form.cleaned_data.items() if name in (*services.EDITABLE, "model", "key")
        }
        if change:
            kept = {name: value for name, value in values.items() if name in services.EDITABLE}
            current = CustomField.objects.get(pk=obj.pk)
            saved = self.change(current, form.cleaned_data.get("shown_version"), request.user, kept)
        else:
            saved = self.create(request.user, values)
        obj.__dict__.update(saved.__dict__)
