"""The words inside files, kept for the search."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from accounts.models import DocumentText, DocumentVersion
from revops.core import clock

AGAIN_AFTER = timedelta(minutes=10)
LONGEST = 150_000  # characters; what stands behind them is not found


@transaction.atomic
def claim_texts(*, actor: Any = None, most: int = 20) -> list[DocumentVersion]:
    """The newest files that nobody has read yet, or whose reader did not come back. Two workers never get the same."""
    lost = Q(words__read_at__isnull=True, words__updated_at__lt=clock.now() - AGAIN_AFTER)
    wanted = Q(words__isnull=True) | lost & Q(words__tries__lt=DocumentText.TRIES)
    rows = DocumentVersion.objects.filter(wanted, is_newest=True).select_for_update(of=("self",), skip_locked=True)
    found = list(rows.order_by("pk")[:most])
    keys = [row.pk for row in found]
    DocumentText.objects.filter(version__in=keys).update(tries=F("tries") + 1, updated_at=clock.now())
    DocumentText.objects.bulk_create([DocumentText(version=row) for row in found], ignore_conflicts=True)
    return found


@transaction.atomic
def keep_text(*, version: DocumentVersion, text: str, actor: Any = None) -> None:
    """What was found in a file; of one that says nothing, nothing."""
    words = " ".join(text.replace("\x00", " ").split())[:LONGEST]
    now = clock.now()
    DocumentText.objects.filter(version=version).update(text=words, read_at=now, updated_at=now)
