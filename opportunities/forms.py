"""HTML input of deals as cleaned values; what is done with them is the services' business."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact
from opportunities.models import Category, Opportunity, OpportunitySplit, Stage
from opportunities.selectors.opportunities import accounts_for, loss_reasons
from revops.catalog.models import Product
from revops.core.custom.definitions import field_of
from revops.core.custom.forms import CustomForm, control, sent
from revops.core.custom.values import POINTER
from revops.core.errors import DomainError
from revops.core.money import currencies
from revops.core.widgets import ChosenOnly
from revops.users.models import User

SPLIT_ROWS = 6
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def account_field(viewer: Any, **kwargs: Any) -> forms.ModelChoiceField:
    """Any account that the viewer sees, found by typing."""
    return forms.ModelChoiceField(
        queryset=accounts_for(viewer=viewer),
        label=_("Account"),
        widget=ChosenOnly(attrs={"data-pick": "", "data-pick-url": reverse_lazy("opportunity-accounts")}),
        **kwargs,
    )


def currency_choices() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(currencies())]


def refused(form: forms.BaseForm, error: DomainError) -> None:
    """Put a refusal beside its fields, or on top when it names none of the form's."""
    if not error.errors:
        form.add_error(None, error.message)
    for one in error.errors:
        form.add_error(one.pointer if one.pointer in form.fields else None, one.detail)


class OpportunityForm(CustomForm):
    """A deal's facts. The contact is offered once the account is known."""

    name = forms.CharField(max_length=200, label=_("Name"))
    amount = forms.DecimalField(required=False, min_value=0, max_digits=18, decimal_places=3, label=_("Amount"))
    currency = forms.ChoiceField(choices=currency_choices, initial="USD", label=_("Currency"))
    close_on = forms.DateField(required=False, widget=DATE, label=_("Close date"))
    stage = forms.ChoiceField(label=_("Stage"))
    owner = forms.ModelChoiceField(queryset=User.objects.none(), empty_label=None, label=_("Owner"))
    kind = forms.ChoiceField(choices=Opportunity.Kind.choices, label=_("Kind"))
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(), required=False, empty_label="", label=_("Product")
    )
    source = forms.CharField(max_length=60, required=False, label=_("Source"))

    def __init__(self, *args: Any, viewer: Any, record: Opportunity | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"] = account_field(viewer, required=False)
        self.fields["owner"].queryset = User.objects.visible_to(viewer).working()  # type: ignore[attr-defined]
        self.fields["product"].queryset = Product.objects.order_by("name")  # type: ignore[attr-defined]
        account = record.account_id if record else self.initial.get("account")
        if account:
            self.fields["contact"] = forms.ModelChoiceField(
                queryset=Contact.objects.filter(account_id=account, archived_at__isnull=True),
                required=False,
                empty_label="",
                label=_("Contact"),
            )
        if record is None:
            self.fields["stage"].choices = [  # type: ignore[attr-defined]
                (stage.key, stage.label)
                for stage in Stage.objects.filter(pipeline__is_default=True, kind=Stage.Kind.OPEN)
            ]
        else:
            del self.fields["stage"]
        self.order_fields(["name", "account", "contact", "amount", "currency", "close_on", "stage"])
        self.add_custom(Opportunity, viewer, record if record is not None and record.pk else None)


class MoveForm(CustomForm):
    """Just the fields that a move asks for."""

    def __init__(self, *args: Any, names: Iterable[str], viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in names:
            self.fields[name] = _asked(name, viewer)


def _asked(name: str, viewer: Any) -> forms.Field:
    field = field_of(Opportunity, name.removeprefix(POINTER)) if name.startswith(POINTER) else None
    if field is not None:
        return control(field, viewer, required=True)
    if name == "amount":
        return forms.DecimalField(min_value=0, max_digits=18, decimal_places=3, label=_("Amount"))
    if name == "close_on":
        return forms.DateField(widget=DATE, label=_("Close date"))
    if name == "account":
        return account_field(viewer)
    if name == "loss_reason":
        return forms.ModelChoiceField(queryset=loss_reasons(), empty_label="", label=_("Why was it lost?"))
    if name == "won_reason":
        return forms.CharField(
            max_length=400,
            label=_("Why without an accepted quote?"),
            help_text=_("One draft order is made. It cannot be booked before a quote is accepted."),
        )
    if name == "product":
        return forms.ModelChoiceField(queryset=Product.objects.order_by("name"), empty_label="", label=_("Product"))
    return forms.CharField(max_length=200, label=name.replace("_", " ").capitalize())


ASKABLE = ("amount", "close_on", "account", "loss_reason", "won_reason", "product", "source")


def asked_by(data: Any) -> list[str]:
    """What a posted move asked for."""
    return [*(name for name in ASKABLE if name in data), *sent(Opportunity, data)]


class SplitForm(forms.Form):
    """The credit split, one row a person; an empty row counts for nothing."""

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.visible_to(viewer).working()
        for number in range(SPLIT_ROWS):
            self.fields[f"user_{number}"] = forms.ModelChoiceField(
                queryset=people, required=False, empty_label="", label=_("Person")
            )
            self.fields[f"percent_{number}"] = forms.DecimalField(
                required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4, label=_("Per cent")
            )
            self.fields[f"kind_{number}"] = forms.ChoiceField(
                choices=OpportunitySplit.Kind.choices, required=False, label=_("Kind")
            )

    def rows(self) -> list[dict[str, Any]]:
        """Bound fields row by row, for the table."""
        return [
            {"user": self[f"user_{n}"], "percent": self[f"percent_{n}"], "kind": self[f"kind_{n}"]}
            for n in range(SPLIT_ROWS)
        ]

    def splits(self) -> list[dict[str, Any]]:
        """What set_splits takes."""
        data = self.cleaned_data
        return [
            {"user": data[f"user_{n}"], "percent": data[f"percent_{n}"], "kind": data[f"kind_{n}"] or "revenue"}
            for n in range(SPLIT_ROWS)
            if data.get(f"user_{n}") or data.get(f"percent_{n}")
        ]


class CategoryForm(forms.Form):
    """Follow the stage, or say it by hand."""

    category = forms.ChoiceField(required=False, label=_("Forecast category"))

    def __init__(self, *args: Any, record: Opportunity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        follows = Category(record.stage.category).label
        self.fields["category"].choices = [  # type: ignore[attr-defined]
            ("", _("As the stage says: %(category)s") % {"category": follows}),
            *((value, Category(value).label) for value in (Category.PIPELINE, Category.BEST_CASE, Category.COMMIT)),
        ]
        self.initial["category"] = record.category if record.category_overridden else ""


def account_choices(rows: Iterable[Account]) -> list[dict[str, Any]]:
    """What a type-ahead select asks for."""
    return [{"value": row.pk, "text": row.name} for row in rows]
