"""Who sees pay: the payee, the managers above on that date, Compensation admin and Finance. Reach never opens it.

Being a superuser does not open it either: it takes a role that carries the permission, and granting one is audited.
"""

from typing import Any, Self

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.db.models.expressions import RawSQL

from revops.core import clock
from revops.core.scope import NOBODY, ScopedQuerySet

SEES_ALL, MANAGES = "view_all_compensation", "manage_compensation"

# Pairs (row, manager above) by the team tree as it stood on the row's date. In the teams that the viewer manages
# himself only members are below him, two managers of one team do not see each other's pay; further down, everybody is.
_BELOW = """
    WITH RECURSIVE dates AS ({rows}),
    below AS (
        SELECT d.on_day, m.team_id, 0 AS depth
        FROM (SELECT DISTINCT on_day FROM dates) d
        JOIN users_teammembership m ON m.user_id = %s AND m.role = 'manager' AND m.during @> d.on_day
        UNION
        SELECT b.on_day, p.team_id, b.depth + 1
        FROM below b
        JOIN users_teamplacement p ON p.parent_id = b.team_id AND p.during @> b.on_day
        WHERE b.depth < 20
    )
    SELECT dates.id
    FROM dates
    JOIN users_teammembership m ON m.user_id = dates.payee_id AND m.during @> dates.on_day
    JOIN below b ON b.on_day = dates.on_day AND b.team_id = m.team_id AND (b.depth > 0 OR m.role = 'member')
"""


def holds(user: Any, codename: str) -> bool:
    """Whether one of the user's roles carries the permission; unlike has_perm, nothing is implied by superuser."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return False
    held: dict[str, bool] = user.__dict__.setdefault("_compensation_permissions", {})
    if codename not in held:
        held[codename] = Permission.objects.filter(
            Q(group__user=user) | Q(user=user), codename=codename, content_type__app_label="forecasting"
        ).exists()
    return held[codename]


class PayQuerySet(ScopedQuerySet[Any]):
    """The scope of everything that says what somebody earns."""

    payee_field = "payee_id"
    # SQL for (id, payee_id, on_day) of every row; each %s in it is today.
    dated_rows = ""

    def visible_to(self, user: Any) -> Self:
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.filter(NOBODY)
        if holds(user, SEES_ALL):
            return self.all()
        params = [*[clock.today()] * self.dated_rows.count("%s"), user.pk]
        below = RawSQL(_BELOW.format(rows=self.dated_rows), params)  # noqa: S611  our own text, the id is a parameter
        return self.filter(self.own(user) | Q(pk__in=below))

    def own(self, user: Any) -> Q:
        return Q(**{self.payee_field: user.pk})
