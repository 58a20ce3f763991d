"""People: made, changed, given roles and a reach, and let go."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit
from revops.core.errors import InvalidInput, NotAllowed
from revops.core.scope import require
from revops.core.status import edit, lock
from revops.users import roles as role_names
from revops.users.models import User
from revops.users.services._rights import may_change

# Read once: the standard library walks the disk each time it is asked.
TIME_ZONES = frozenset(available_timezones())
EDITABLE = (
    "username",
    "email",
    "first_name",
    "last_name",
    "title",
    "time_zone",
    "language",
    "calendar",
    "can_sign_in",
    "is_staff",
)


@transaction.atomic
def create_user(
    *,
    actor: User | None,
    username: str,
    email: str = "",
    password: str | None = None,
    roles: Iterable[str] = (),
    **fields: Any,
) -> User:
    """Add a colleague. Without a password, or with can_sign_in off, nobody can sign in as this person."""
    if actor is not None:
        require(actor, "users.add_user")
    user = User(username=username.strip(), email=email.strip().lower(), **fields)
    _check(user)
    if list(roles):
        _refuse_guest(user)
    if password and user.can_sign_in:
        _check_password(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save(force_insert=True)
    user.groups.set(_groups(roles))
    audit.record("user.created", user, actor=actor, reach=user.reach, roles=sorted(roles))
    return user


@transaction.atomic
def update_user(*, user: User, version: int | None = None, actor: User | None, **changes: Any) -> User:
    """Change names, address, calendar, or whether the person can sign in."""
    may_change(actor, user)
    unknown = set(changes) - set(EDITABLE)
    if changes.get("is_staff"):
        _refuse_guest(user)
    if unknown:
        raise InvalidInput.of(**{sorted(unknown)[0]: _("This cannot be changed here.")})
    user = lock(user, version)
    if "email" in changes:
        changes["email"] = changes["email"].strip().lower()
    _check(User(**{name: changes.get(name, getattr(user, name)) for name in EDITABLE}, pk=user.pk))
    changed = edit(user, changes)
    if changed:
        audit.record("user.changed", user, actor=actor, changed=changed)
    return user


@transaction.atomic
def set_preferences(*, user: User, language: str, time_zone: str, actor: User) -> User:
    """The language and the time zone in which one wants to see everything. Everybody sets their own."""
    if actor.pk != user.pk:
        raise NotAllowed(_("Everybody sets their own language and time zone."))
    user = lock(user)
    wishes = {"language": language, "time_zone": time_zone}
    _check(User(pk=user.pk, **{name: getattr(user, name) for name in EDITABLE} | wishes))
    changed = edit(user, wishes)
    if changed:
        audit.record("user.changed", user, actor=actor, changed=changed)
    return user


@transaction.atomic
def set_reach(*, user: User, reach: str, version: int | None = None, actor: User | None) -> User:
    """Say whose records a person sees: their own, their teams', everybody's."""
    may_change(actor, user)
    _refuse_guest(user)
    if reach not in User.Reach.values:
        raise InvalidInput.of(reach=_("Reach is own, team or all."))
    user = lock(user, version)
    changed = edit(user, {"reach": reach})
    if changed:
        audit.record("user.reach_changed", user, actor=actor, changed=changed)
    return user


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[str], version: int | None = None, actor: User | None) -> User:
    """Give a person exactly these roles. What the person may do changes at once."""
    may_change(actor, user)
    _refuse_guest(user)
    user = lock(user, version)
    before = sorted(user.groups.values_list("name", flat=True))
    after = sorted(set(roles))
    if before == after:
        return user
    user.groups.set(_groups(after))
    user.version += 1
    user.save(update_fields=["version", "updated_at"])
    audit.record("user.roles_changed", user, actor=actor, changed={"roles": (before, after)})
    return user


@transaction.atomic
def set_password(*, user: User, password: str, actor: User | None) -> User:
    """Give a person a first or a new password; the person's sessions end."""
    may_change(actor, user)
    user = lock(user)
    if not user.can_sign_in:
        raise InvalidInput.of(password=_("This person cannot sign in."))
    _check_password(password, user)
    user.set_password(password)
    user.version += 1
    user.save(update_fields=["password", "version", "updated_at"])
    audit.record("user.password_set", user, actor=actor)
    return user


def _refuse_guest(user: User) -> None:
    if user.is_portal:
        raise InvalidInput.of(roles=_("This person is of another company: a portal is all that opens for them."))


def _groups(names: Iterable[str]) -> list[Group]:
    """The groups of these roles; a product role is made on first use, another name must exist."""
    found = {group.name: group for group in Group.objects.filter(name__in=list(names))}
    for name in names:
        if name not in found:
            if name not in role_names.ROLES:
                raise InvalidInput.of(roles=_("There is no role “%(name)s”.") % {"name": name})
            found[name] = Group.objects.get_or_create(name=name)[0]
    return list(found.values())


def _check(user: User) -> None:
    if not user.username or len(user.username) > 150:
        raise InvalidInput.of(username=_("A user name has 1 to 150 characters."))
    others = User.objects.exclude(pk=user.pk)
    if others.filter(username__iexact=user.username).exists():
        raise InvalidInput.of(username=_("This user name is taken."))
    if user.email:
        _check_email(user.email)
        if others.filter(email__iexact=user.email).exists():
            raise InvalidInput.of(email=_("Somebody has this e-mail address already."))
    if user.time_zone not in TIME_ZONES:
        raise InvalidInput.of(time_zone=_("There is no such time zone."))
    if user.language and user.language not in dict(settings.LANGUAGES):
        raise InvalidInput.of(language=_("There is no such language here."))


def _check_email(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        raise InvalidInput.of(email=_("This is no e-mail address."))


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput.of(password=" ".join(error.messages))
