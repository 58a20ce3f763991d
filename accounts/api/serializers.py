"""What the API takes and shows of accounts, contacts and activities."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Account, Activity, Channel, Contact, ContactRole
from revops.catalog.models import Product
from revops.core.api.serializers import MoneyField, OutSerializer, StrictSerializer
from revops.core.custom.api import CustomIn, CustomOut
from revops.core.models import Mergeable
from revops.core.money import Money
from revops.users.models import User


class OwnerOut(OutSerializer):
    """A colleague, as `expand=owner` shows one."""

    name = serializers.CharField(source="__str__", read_only=True)

    class Meta:
        model = User
        fields = ["id", "name", "email"]


class AccountOut(OutSerializer):
    """An account."""

    annual_revenue = serializers.SerializerMethodField()

    custom = CustomOut()

    class Meta:
        model = Account
        fields = [
            "id", "name", "kind", "owner", "parent", "territory", "channel", "industry", "tier", "segment",
            "employees", "annual_revenue", "year_established", "website", "domain", "phone", "street", "city",
            "postal_code", "state", "country", "external_system", "external_id", "archived_at", "custom",
            "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut}

    @extend_schema_field(MoneyField(allow_null=True))
    def get_annual_revenue(self, account: Account) -> dict[str, str] | None:
        """Amount and currency, or null."""
        if account.annual_revenue is None:
            return None
        return Money(account.annual_revenue, account.currency).as_json()


class ContactOut(OutSerializer):
    """A contact."""

    name = serializers.CharField(read_only=True)

    custom = CustomOut()

    class Meta:
        model = Contact
        fields = [
            "id", "name", "first_name", "last_name", "title", "email", "phone", "role", "account", "owner",
            "external_system", "external_id", "archived_at", "custom", "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut, "account": AccountOut}


class ActivityOut(OutSerializer):
    """An activity."""

    custom = CustomOut()
    repeats = serializers.SerializerMethodField()

    class Meta:
        model = Activity
        fields = [
            "id", "kind", "status", "subject", "body", "outcome", "owner", "account", "contact", "due_at",
            "happened_at", "minutes", "repeats", "custom", "created_at", "updated_at", "version",
        ]  # fmt: skip
        expandable = {"owner": OwnerOut, "account": AccountOut, "contact": ContactOut}

    @extend_schema_field({"type": "string", "description": "The rule (RFC 5545) of its series; empty without one."})
    def get_repeats(self, activity: Activity) -> str:
        """The rule of its series."""
        return activity.series.rule if activity.series else ""


class Seen(serializers.PrimaryKeyRelatedField):  # type: ignore[type-arg]
    """A record by its id, among those that the caller sees."""

    def __init__(self, model: Any = None, **kwargs: Any) -> None:
        self.model = model
        if model is not None:
            kwargs.setdefault("queryset", model.objects.none())
        super().__init__(**kwargs)

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return self.model.objects.visible_to(request.user) if request else self.model.objects.none()

    def to_internal_value(self, data: Any) -> Any:
        """An id that was merged away stands for what it became, as everywhere."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            winner = None
            if issubclass(self.model, Mergeable) and type(data) is int and abs(data) < 2**63:
                winner = self.get_queryset().filter(aliases=data).first()
            if winner is None:
                raise
            return winner


class AccountIn(StrictSerializer):
    """An account to make or change."""

    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=Account.Kind.choices, required=False)
    owner = Seen(User, required=False)
    parent = Seen(Account, required=False, allow_null=True)  # type: ignore[assignment]
    channel = Seen(Channel, required=False, allow_null=True)
    industry = serializers.CharField(max_length=80, required=False, allow_blank=True)
    tier = serializers.CharField(max_length=1, required=False, allow_blank=True)
    segment = serializers.CharField(max_length=40, required=False, allow_blank=True)
    employees = serializers.IntegerField(min_value=0, max_value=2_000_000_000, required=False, allow_null=True)
    annual_revenue = MoneyField(required=False, allow_null=True)
    year_established = serializers.IntegerField(min_value=1, max_value=9999, required=False, allow_null=True)
    website = serializers.CharField(max_length=200, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    street = serializers.CharField(max_length=200, required=False, allow_blank=True)
    city = serializers.CharField(max_length=80, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    state = serializers.CharField(max_length=80, required=False, allow_blank=True)
    country = serializers.CharField(max_length=80, required=False, allow_blank=True)
    custom = CustomIn()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        revenue = attrs.get("annual_revenue")
        if isinstance(revenue, Money):
            attrs |= {"annual_revenue": revenue.amount, "currency": revenue.currency}
        return attrs


class ContactIn(StrictSerializer):
    """A contact to make or change."""

    account = Seen(Account)
    last_name = serializers.CharField(max_length=80)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    title = serializers.CharField(max_length=120, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Contact.Role.choices, required=False, allow_blank=True)
    owner = Seen(User, required=False)
    custom = CustomIn()


class RuleField(serializers.CharField):
    """A rule of repetition, as FREQ=WEEKLY;BYDAY=MO,TH or FREQ=DAILY;COUNT=10."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, help_text=str(self.__doc__), **kwargs)


class ActivityIn(StrictSerializer):
    """An activity: with `due_at` it is planned, without it happened (`happened_at`, else now)."""

    kind = serializers.ChoiceField(choices=Activity.Kind.choices)
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    account = Seen(Account, required=False, allow_null=True)
    contact = Seen(Contact, required=False, allow_null=True)
    owner = Seen(User, required=False)
    due_at = serializers.DateTimeField(required=False)
    happened_at = serializers.DateTimeField(required=False)
    minutes = serializers.IntegerField(min_value=0, max_value=32_767, required=False, allow_null=True)
    outcome = serializers.CharField(max_length=200, required=False, allow_blank=True)
    attendees = serializers.ListField(
        child=serializers.EmailField(), max_length=50, required=False, help_text="E-mail addresses of who took part."
    )
    repeats = RuleField(required=False)
    custom = CustomIn(default=dict)


class TaskIn(StrictSerializer):
    """Something to do."""

    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    account = Seen(Account, required=False, allow_null=True)
    contact = Seen(Contact, required=False, allow_null=True)
    owner = Seen(User, required=False)
    due_at = serializers.DateTimeField()
    repeats = RuleField(required=False)
    custom = CustomIn(default=dict)


class ActivityChange(StrictSerializer):
    """What can be changed of an activity."""

    kind = serializers.ChoiceField(choices=Activity.Kind.choices, required=False)
    subject = serializers.CharField(max_length=200, required=False)
    body = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    owner = Seen(User, required=False)
    due_at = serializers.DateTimeField(required=False)
    repeats = RuleField(required=False, allow_blank=True)
    following = serializers.BooleanField(
        required=False, help_text="Of a series: change this one and all that follow. A new rule is about them anyway."
    )
    custom = CustomIn()


class CalendarFileIn(StrictSerializer):
    """A file that another calendar exported."""

    file = serializers.FileField()


class RefusalOut(serializers.Serializer):  # type: ignore[type-arg]
    """What was not taken: by line and property."""

    line = serializers.IntegerField()
    name = serializers.CharField()
    text = serializers.CharField()


class ImportedOut(serializers.Serializer):  # type: ignore[type-arg]
    """What became of a calendar file."""

    made = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    refused = RefusalOut(many=True)
    notes = RefusalOut(many=True)


class FeedOut(serializers.Serializer):  # type: ignore[type-arg]
    """Where one's calendar program reads what is planned; shown only now."""

    address = serializers.CharField()


class OutcomeIn(StrictSerializer):
    """How it went."""

    outcome = serializers.CharField(max_length=200, required=False, allow_blank=True)


class ReasonIn(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=400, required=False, allow_blank=True)


class ContactRoleOut(OutSerializer):
    """One role of a contact; without a product for all of them."""

    class Meta:
        model = ContactRole
        fields = ["id", "role", "product"]


class ContactRoleIn(StrictSerializer):
    """One role, for a product or, without one, for all of them."""

    role = serializers.ChoiceField(choices=Contact.Role.choices)
    product = Seen(Product, required=False, allow_null=True)


class ContactRolesIn(StrictSerializer):
    """All roles that a contact has from now on."""

    roles = serializers.ListField(child=ContactRoleIn(), max_length=200)
