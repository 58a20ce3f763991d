"""What the rooms tell people about. Filled in AppConfig.ready()."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from revops.core.registries import Registry
from revops.users.models import Notification

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notification, and where people hear of it until they say otherwise."""

    key: str
    label: StrOrPromise
    in_page: bool = True
    mail: str = Notification.Mail.DIGEST
    icon: str = "bell"
    order: int = 100


notice_kinds: Registry[NoticeKind] = Registry("notice_kinds")
