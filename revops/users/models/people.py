"""The user and the user's API tokens."""

import hashlib
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.core.models import BaseModel, ExternalRef, Stamped, unique_external_ref
from revops.core.scope import NOBODY


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any) -> Self:
        """Colleagues see each other's names; who comes from outside sees their own; nobody else sees any."""
        if getattr(user, "is_portal", False):
            return self.filter(pk=user.pk, is_active=True)
        return self.all() if user.is_authenticated and user.is_active else self.filter(NOBODY)

    def working(self) -> Self:
        """People who are with us: active, able to sign in, and nobody's guest."""
        return self.filter(is_active=True, can_sign_in=True, is_portal=False)


class PeopleManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's user manager with our filters."""

    use_in_migrations = False


class User(AbstractUser, BaseModel, ExternalRef):
    """A colleague. `reach` says whose records they see: their own, those of the teams they manage, or all."""

    class Reach(models.TextChoices):
        OWN = "own", _("Their own")
        TEAM = "team", _("Their teams'")
        ALL = "all", _("Everybody's")

    reach = models.CharField(max_length=4, choices=Reach.choices, default=Reach.OWN)
    can_sign_in = models.BooleanField(
        default=True, help_text=_("Off for people who are known from imported history only.")
    )
    is_portal = models.BooleanField(
        default=False, editable=False, help_text=_("Of another company: opens a portal, and nothing else.")
    )
    title = models.CharField(max_length=80, blank=True, default="")
    time_zone = models.CharField(max_length=40, default="UTC")
    language = models.CharField(max_length=8, blank=True, default="", help_text=_("Empty: as the browser says."))
    calendar = models.ForeignKey(
        "users.WorkingCalendar", null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )

    objects: ClassVar[Any] = PeopleManager()

    class Meta:
        ordering = ["first_name", "last_name", "pk"]
        constraints = [
            unique_external_ref("user_external_ref_unique"),
            models.CheckConstraint(
                condition=Q(is_portal=False) | Q(reach="own", is_staff=False, is_superuser=False),
                name="user_of_a_portal_has_no_reach",
            ),
            models.UniqueConstraint(models.functions.Lower("email"), condition=~Q(email=""), name="user_email_unique"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def works_here(self) -> bool:
        """Whether work may be given to this person: with us, able to sign in, and nobody's guest."""
        return self.is_active and self.can_sign_in and not self.is_portal

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        names = [n for n in (self.first_name, self.last_name) if n] or [self.username]
        return "".join(n[0] for n in names)[:2].upper()


class ApiToken(Stamped):
    """A personal token: acts as its user, never does more. Only its digest is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def digest_of(raw: str) -> str:
        """What is stored of a token. It is long and random, so a plain hash is enough."""
        return hashlib.sha256(raw.encode()).hexdigest()

    def allows(self, scope: str) -> bool:
        """Whether the token carries "leads:read" or the like; "*:read" and "*:write" cover all resources."""
        return scope in self.scopes or f"*:{scope.rsplit(':', 1)[-1]}" in self.scopes
