"""What `manage.py check` says about this installation."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning


def browser_libraries(**_: Any) -> list[CheckMessage]:
    missing = [prefix for prefix, folder in settings.VENDOR_FOLDERS.items() if not folder.is_dir()]
    if not missing:
        return []
    return [
        Warning(f"Browser libraries are missing: {', '.join(missing)}.", hint="Run `npm ci`.", id="revops.W001"),
    ]


def embedded_services(**_: Any) -> list[CheckMessage]:
    """The embedded servers have no backup, no replica and one machine: not for a company's data."""
    used = settings.EMBEDDED_SERVICES
    if not used:
        return []
    return [
        Error(
            f"Embedded services stand in for {', '.join(used)}; they are for trying, developing and testing only.",
            hint="Set DATABASE_URL and REDIS_URL to servers of your own.",
            id="revops.E001",
        )
    ]


def secret_key(**_: Any) -> list[CheckMessage]:
    if not settings.SECRET_KEY_IS_RANDOM:
        return []
    return [
        Error(
            "SECRET_KEY is not set, so each process signs with a key of its own.",
            hint="Set SECRET_KEY to a long random text that stays the same.",
            id="revops.E002",
        )
    ]
