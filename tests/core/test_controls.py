"""Controls are written as Django's own templates write them, to the letter."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from revops.core.controls import WRITERS, Controls

NASTY = "<b>\"Ä\" & 'x'</b>"
SAFE = mark_safe("<i>kept</i>")
CHOICES = [
    ("", "–"),
    ("a", NASTY),
    (NASTY, SAFE),
    (3, 1234),
    ("l", gettext_lazy("Save")),
    ("Group & co", [(True, "T"), (None, "N")]),
]
WIDGETS: list[tuple[forms.Widget, list[Any]]] = [
    *((kind(), [None, "", NASTY, SAFE, 12.5, 0]) for kind in (forms.TextInput, forms.EmailInput, forms.URLInput)),
    *((kind(), [None, "7", 7]) for kind in (forms.NumberInput, forms.HiddenInput)),
    (forms.PasswordInput(render_value=True), ["x", None]),
    (forms.DateInput(attrs={"type": "date"}), [None, "2026-11-22"]),
    (forms.DateTimeInput(), [None, "2026-11-22 10:00"]),
    (forms.TimeInput(), ["10:00"]),
    (forms.CheckboxInput(), [True, False, "yes"]),
    (forms.Textarea(), [None, "", NASTY, "a\nb", SAFE]),
    (forms.Select(choices=CHOICES), [None, "a", 3, NASTY, True]),
    (forms.SelectMultiple(choices=CHOICES), [None, ["a", "l"]]),
    (forms.NullBooleanSelect(), [None, True]),
    (forms.CheckboxSelectMultiple(choices=CHOICES), [["a"]]),
    (forms.RadioSelect(choices=CHOICES), ["a"]),
]
ATTRS = {
    "id": "x",
    "class": 'a "b"',
    "required": True,
    "disabled": False,
    "data-n": 5,
    "aria-label": gettext_lazy("Save"),
}


@pytest.mark.parametrize(("widget", "values"), WIDGETS, ids=lambda one: type(one).__name__)
def test_a_control_is_what_djangos_template_makes_of_it(widget: forms.Widget, values: list[Any]) -> None:
    ours, theirs = Controls(), DjangoTemplates()
    for value in values:
        for attrs in ({}, ATTRS):
            assert widget.render(f"n{NASTY}", value, attrs, ours) == widget.render(f"n{NASTY}", value, attrs, theirs)


def test_every_form_is_written_so() -> None:
    assert isinstance(forms.Form().renderer, Controls) and len(WRITERS) > 10
