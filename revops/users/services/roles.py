"""Roles as groups in the database."""

import logging
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from revops.users import roles

log = logging.getLogger(__name__)


@transaction.atomic
def sync_roles(*, actor: Any = None) -> list[str]:
    """Write what the apps grant: each product role holds exactly that. Returns grants that no model declares."""
    Group.objects.bulk_create([Group(name=name) for name in roles.ROLES], ignore_conflicts=True)
    groups = {group.name: group.pk for group in Group.objects.filter(name__in=roles.ROLES)}
    rows = Permission.objects.values_list("pk", "content_type__app_label", "codename")
    known = {f"{app}.{code}": pk for pk, app, code in rows}
    wanted, unknown = set(), set()
    for name, group in groups.items():
        for permission in roles.granted(name):
            if permission in known:
                wanted.add((group, known[permission]))
            else:
                unknown.add(permission)
    _write(wanted, list(groups.values()))
    for permission in sorted(unknown):
        log.warning("A role is granted %s, which no model declares.", permission)
    return sorted(unknown)


def _write(wanted: set[tuple[int, int]], groups: list[int]) -> None:
    through = Group.permissions.through
    rows = through.objects.filter(group_id__in=groups)
    present = {(group, permission): pk for pk, group, permission in rows.values_list("pk", "group_id", "permission_id")}
    through.objects.filter(pk__in=[present[pair] for pair in present.keys() - wanted]).delete()
    missing = [through(group_id=group, permission_id=permission) for group, permission in wanted - present.keys()]
    through.objects.bulk_create(missing, ignore_conflicts=True)
