"""References by name that every importer resolves in the same way."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from revops.integrations.registries import Context, Draft
from revops.users.models import User


def people_by_name(viewer: Any) -> dict[str, list[User]]:
    """Colleagues under their user name, full name and e-mail address, in small letters."""
    found: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.visible_to(viewer).only("username", "first_name", "last_name", "email", "is_active"):
        for name in {user.username, user.get_full_name(), user.email}:
            if name:
                found[name.casefold()].append(user)
    return found


def fill_person(
    drafts: Sequence[Draft], context: Context, key: str = "owner", *, default: bool = True, leavers: bool = False
) -> None:
    """`owner` -> owner_id. A new record without one belongs to whoever imports it.

    With `leavers`, people who left may be named: what is closed may be theirs.
    """
    people = people_by_name(context.viewer)
    for draft in drafts:
        name = draft.values.get(key)
        if not name:
            if default:
                draft.defaults[f"{key}_id"] = context.viewer.pk
            continue
        found = people.get(name.casefold(), [])
        if len(found) == 1 and not (found[0].is_active or leavers):
            draft.refuse(key, _("%(name)s has left: name somebody who stays.") % {"name": found[0]})
        elif len(found) == 1:
            draft.set(f"{key}_id", found[0].pk, str(found[0]))
        else:
            draft.refuse(key, _("Several people are called so.") if found else _("There is no such person."))


def bare(text: str) -> str:
    """Letters and digits only: "GTX Pro" and "GTXPro" are one."""
    return "".join(char for char in text.casefold() if char.isalnum())


def say_spelling(context: Context, read: str, meant: str) -> None:
    """Once for each spelling, with its rows counted."""
    context.remark(_("“%(read)s” was read as “%(meant)s”.") % {"read": read, "meant": meant})
