"""Accounts (companies, or persons who buy) and contacts."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.core.history import tracked
from revops.core.models import (
    BaseModel,
    CustomData,
    ExternalRef,
    Mergeable,
    alias_triggers,
    currency_field,
    merge_rules,
    money_field,
    search_field,
    search_indexes,
    unique_external_ref,
)
from revops.core.scope import NOBODY, ScopedQuerySet, within_reach
from revops.users.holders import held_by_working_people
from revops.users.shares import or_shared


class Territory(BaseModel):
    """A named region of accounts. Territory models and rules come with the sales-planning work."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        verbose_name_plural = _("territories")

    def __str__(self) -> str:
        return self.name


class ChannelQuerySet(ScopedQuerySet["Channel"]):
    def visible_to(self, user: Any) -> Self:
        """Everybody who works here knows the routes to market."""
        known = user.is_authenticated and user.is_active and not user.is_portal
        return self.all() if known else self.filter(NOBODY)

    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)


class Channel(BaseModel):
    """A route to market: who or what stands between us and an account. Its kind is the one that orders name."""

    class Kind(models.TextChoices):
        CRM = "crm", _("Our own sales")
        PARTNER = "partner", _("Partner")
        ONLINE = "online", _("Online")
        POS = "pos", _("Point of sale")

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CRM)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="channels",
        verbose_name=_("Looked after by"),
    )
    note = models.CharField(max_length=300, blank=True, default="")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), condition=Q(archived_at__isnull=True), name="channel_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["crm", "partner", "online", "pos"]), name="channel_kind_known"
            ),
        ]
        triggers = [*held_by_working_people("channel_holder", "{r}.archived_at IS NULL")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("channel-detail", args=[self.pk])


class AccountQuerySet(ScopedQuerySet["Account"]):
    def visible_to(self, user: Any) -> Self:
        """The owner's reach; or shared by name. An alias is seen as what it stands for."""
        return self.filter(or_shared(within_reach(user), user, pk="accounts.account"), merged_into__isnull=True)

    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)


@tracked()
class Account(BaseModel, CustomData, ExternalRef, Mergeable):
    """A company (or a person who buys). "Customer" only once an order was booked."""

    class Kind(models.TextChoices):
        COMPANY = "company", _("Company")
        PERSON = "person", _("Person")

    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200, editable=False, db_index=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.COMPANY)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    territory = models.ForeignKey(Territory, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts")
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="accounts")
    industry = models.CharField(max_length=80, blank=True, default="")
    tier = models.CharField(max_length=1, blank=True, default="")
    segment = models.CharField(
        max_length=40, blank=True, default="", help_text=_("A group that sales are reported by.")
    )
    employees = models.PositiveIntegerField(null=True, blank=True)
    annual_revenue = money_field(null=True, blank=True)
    currency = currency_field()
    year_established = models.PositiveSmallIntegerField(null=True, blank=True)
    website = models.CharField(max_length=200, blank=True, default="")
    domain = models.CharField(max_length=120, blank=True, default="", editable=False, db_index=True)
    phone = models.CharField(max_length=40, blank=True, default="")
    phone_key = models.CharField(max_length=20, blank=True, default="", editable=False, db_index=True)
    street = models.CharField(max_length=200, blank=True, default="")
    city = models.CharField(max_length=80, blank=True, default="")
    postal_code = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=80, blank=True, default="")
    country = models.CharField(max_length=80, blank=True, default="")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    search = search_field("name", "domain")

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            unique_external_ref("account_external_ref_unique", archivable=True),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="account_not_its_own_parent"),
            *merge_rules("account"),
        ]
        indexes = [
            models.Index(fields=["owner", "name", "id"], name="account_by_owner_name"),
            models.Index(fields=["name", "id"], name="account_by_name"),
            *search_indexes("account"),
        ]
        permissions = [
            ("allow_duplicate", "Can create an account that looks like an existing one"),
            ("merge_account", "Can merge accounts"),
        ]
        triggers = [
            *held_by_working_people("account_holder", "{r}.archived_at IS NULL"),
            *alias_triggers("account"),
            # What stays with an alias (orders, bills) is seen by whoever owns what it stands for.
            pgtrigger.Trigger(
                name="account_aliases_follow_owner",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("owner_id"),
                condition=pgtrigger.Q(old__owner__df=pgtrigger.F("new__owner")),
                func=pgtrigger.Func("""
                    UPDATE {meta.db_table} SET owner_id = NEW.owner_id WHERE merged_into_id = NEW.id;
                    RETURN NULL;
                """),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """On one line; what is not known leaves no gap."""
        town = f"{self.postal_code} {self.city}".strip()
        return ", ".join(part for part in (self.street, town, self.state, self.country) if part)

    def get_absolute_url(self) -> str:
        return reverse("account-detail", args=[self.pk])


class ContactQuerySet(ScopedQuerySet["Contact"]):
    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)

    def visible_to(self, user: Any) -> Self:
        """A contact is seen with its account, or by its own owner's reach."""
        reached = within_reach(user, "owner", "account__owner")
        return self.filter(or_shared(reached, user, account="accounts.account"), merged_into__isnull=True)


class Contact(BaseModel, CustomData, ExternalRef, Mergeable):
    """A person at an account."""

    class Role(models.TextChoices):
        DECISION_MAKER = "decision_maker", _("Decides")
        PURCHASING = "purchasing", _("Purchasing")
        ADMINISTRATION = "administration", _("Administration")
        TECHNICAL = "technical", _("Technical")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="contacts")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="contacts")
    first_name = models.CharField(max_length=80, blank=True, default="")
    last_name = models.CharField(max_length=80)
    title = models.CharField(max_length=120, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    email_key = models.CharField(max_length=254, blank=True, default="", editable=False, db_index=True)
    phone = models.CharField(max_length=40, blank=True, default="")
    phone_key = models.CharField(max_length=20, blank=True, default="", editable=False, db_index=True)
    person_key = models.CharField(max_length=200, blank=True, default="", editable=False, db_index=True)
    role = models.CharField(max_length=16, choices=Role.choices, blank=True, default="")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    search = search_field(("first_name", "last_name"), "email")

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "pk"]
        constraints = [unique_external_ref("contact_external_ref_unique", archivable=True), *merge_rules("contact")]
        indexes = [
            models.Index(fields=["account", "last_name", "id"], name="contact_by_account"),
            models.Index(fields=["owner", "last_name", "id"], name="contact_by_owner"),
            models.Index(fields=["last_name", "id"], name="contact_by_name"),
            *search_indexes("contact"),
        ]
        permissions = [("merge_contact", "Can merge contacts")]
        triggers = [
            *held_by_working_people("contact_holder", "{r}.archived_at IS NULL"),
            *alias_triggers("contact"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The person's full name."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_absolute_url(self) -> str:
        return reverse("contact-detail", args=[self.pk])
