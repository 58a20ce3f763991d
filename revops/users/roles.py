"""Roles are permission groups. Each app grants in AppConfig.ready(); `users.services.sync_roles` writes it."""

from collections import defaultdict
from typing import Final

from django.core.exceptions import ImproperlyConfigured

SDR: Final = "SDR"
SALES_REP: Final = "Sales rep"
SALES_MANAGER: Final = "Sales manager"
SALES_ENGINEER: Final = "Sales engineer"
REVOPS_ADMIN: Final = "RevOps admin"
COMPENSATION_ADMIN: Final = "Compensation admin"
DEAL_DESK: Final = "Deal desk"
FINANCE: Final = "Finance"
OPERATIONS_PLANNER: Final = "Operations planner"
SUPPORT: Final = "Support"
EXECUTIVE: Final = "Executive"

ROLES: Final = (
    SDR,
    SALES_REP,
    SALES_MANAGER,
    SALES_ENGINEER,
    REVOPS_ADMIN,
    COMPENSATION_ADMIN,
    DEAL_DESK,
    FINANCE,
    OPERATIONS_PLANNER,
    SUPPORT,
    EXECUTIVE,
)
_granted: dict[str, set[str]] = defaultdict(set)


def grant(role: str, *permissions: str) -> None:
    """Give `role` permissions ("orders.issue_invoice"). An unknown role is a programming error, found at start-up."""
    if role not in ROLES:
        raise ImproperlyConfigured(f"There is no role {role!r}.")
    wrong = [name for name in permissions if name.count(".") != 1]
    if wrong:
        raise ImproperlyConfigured(f"{wrong[0]!r} is no permission: write app.codename.")
    _granted[role].update(permissions)


def grant_all(roles: tuple[str, ...], *permissions: str) -> None:
    """The same permissions for several roles."""
    for role in roles:
        grant(role, *permissions)


def granted(role: str) -> frozenset[str]:
    """What a role holds, as "app.codename"."""
    return frozenset(_granted[role])


def manage(app: str, *models: str, delete: bool = False) -> tuple[str, ...]:
    """Django's own permissions to see, add and change models, as the admin pages ask for them."""
    verbs = ("view", "add", "change", "delete") if delete else ("view", "add", "change")
    return tuple(f"{app}.{verb}_{model}" for model in models for verb in verbs)
