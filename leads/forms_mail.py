"""Input of the page on which somebody writes a mail."""

import uuid
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Document, DocumentVersion
from leads.models import MessageTemplate
from leads.selectors.mails import label_of
from revops.core.widgets import ChosenOnly

MOST = 20
# Another text is drawn by the server, filled in for whom the mail is.
FILLS = {"hx-target": "#letter", "hx-select": "#letter", "hx-swap": "outerHTML settle:0ms"}


class KeysField(forms.TypedMultipleChoiceField):
    """Keys of records that are chosen as one types; whoever looks them up says which there are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, required=False, **kwargs)

    def valid_value(self, value: Any) -> bool:
        text = str(value)
        return text.isascii() and text.isdigit() and len(text) < 12

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > MOST:
            raise forms.ValidationError(_("At most %(most)s."), params={"most": MOST})


class MailForm(forms.Form):
    """One mail to one person."""

    submission = forms.UUIDField(widget=forms.HiddenInput, required=False)
    to = forms.ChoiceField(label=_("To"))
    template = forms.ModelChoiceField(
        queryset=MessageTemplate.objects.none(), required=False, empty_label=_("None"), label=_("Template")
    )
    subject = forms.CharField(max_length=400, label=_("Subject"))
    body = forms.CharField(max_length=20_000, widget=forms.Textarea(attrs={"rows": 12}), label=_("Text"))
    versions = KeysField(
        label=_("Documents"),
        widget=forms.SelectMultiple(attrs={"data-pick": "", "data-pick-url": reverse_lazy("mail-documents")}),
        help_text=_("Found by a word of the title. What goes is the version that counts now."),
    )

    def __init__(self, *args: Any, viewer: Any, addresses: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [(one, one) for one in addresses]  # type: ignore[attr-defined]
        templates = MessageTemplate.objects.visible_to(viewer).filter(archived_at__isnull=True).order_by("name", "pk")
        self.fields["template"].queryset = templates  # type: ignore[attr-defined]
        self.fields["template"].widget.attrs.update(FILLS)
        self.fields["versions"].choices = self._chosen(viewer)  # type: ignore[attr-defined]
        self.initial.setdefault("submission", uuid.uuid4())

    def _chosen(self, viewer: Any) -> list[tuple[int, str]]:
        """Those that were sent or given, by name, as far as the viewer sees them."""
        field = self.fields["versions"]
        given = self["versions"].value() or ()
        keys = [int(one) for one in given if field.valid_value(one)][:MOST]  # type: ignore[attr-defined]
        seen = Document.objects.visible_to(viewer)
        rows = DocumentVersion.objects.filter(pk__in=keys, document__in=seen).select_related("document")
        return [(row.pk, label_of(row)) for row in rows]


class ChosenMany(ChosenOnly, forms.SelectMultiple):
    """A select of many that lists the chosen ones only."""


class TemplateDocumentsField(forms.ModelMultipleChoiceField):
    """Documents that go along with every mail of a template."""

    def __init__(self) -> None:
        super().__init__(
            queryset=Document.objects.none(),
            required=False,
            label=_("Documents"),
            widget=ChosenMany(attrs={"data-pick": "", "data-pick-url": reverse_lazy("template-documents")}),
            help_text=_("For everybody in the company. Each goes in the version that counts when the mail is sent."),
        )
