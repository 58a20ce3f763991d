"""What a handoff package consists of; higher rooms add their sections (needs, research) when they start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django_stubs_ext import StrOrPromise

from leads.models import Lead
from revops.core.registries import Registry


@dataclass(frozen=True)
class HandoffSection:
    """One part of the package: whether the lead has it, what goes into the snapshot, and how to fill it.

    `gap` says what is missing ("" when nothing is); `anchor` leads to the place where it is filled in.
    """

    key: str
    label: StrOrPromise
    gap: Callable[[Lead], str]
    snapshot: Callable[[Lead], Any]
    summary: Callable[[Lead], str]
    anchor: str = ""
    action: StrOrPromise = ""
    order: int = 100


handoff_sections: Registry[HandoffSection] = Registry("handoff_sections")
