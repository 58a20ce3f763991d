"""Archive and restore on the pages of a lead and a deal."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from tests.leads.builders import make_lead
from tests.opportunities.quote_builders import make_deal


def addresses(kind: str, record: Any) -> tuple[str, str]:
    if kind == "lead":
        return reverse("lead-move", args=[record.pk, "archive"]), reverse("lead-move", args=[record.pk, "restore"])
    both = reverse("opportunity-archive", args=[record.pk])
    return both, both


@pytest.mark.parametrize("kind", ["lead", "opportunity"])
def test_a_record_is_archived_and_restored_from_its_page(client: Client, cast: Cast, kind: str) -> None:
    record = make_lead(cast.alice) if kind == "lead" else make_deal(cast.alice)
    away, back = addresses(kind, record)
    listed = reverse(f"{kind}-list")
    client.force_login(cast.alice)
    assert away in client.get(record.get_absolute_url()).content.decode()
    page = client.post(away, {"version": record.version}, follow=True)
    assert "Archived" in page.content.decode() and back in page.content.decode()
    assert record.get_absolute_url() not in client.get(listed).content.decode()
    assert record.get_absolute_url() in client.get(f"{listed}?archived=true").content.decode()
    stale = client.post(back, {"version": record.version})
    assert stale.status_code == 409
    record.refresh_from_db()
    assert record.archived_at is not None
    client.post(back, {"version": record.version})
    record.refresh_from_db()
    assert record.archived_at is None and record.get_absolute_url() in client.get(listed).content.decode()
    client.force_login(cast.charlie)
    assert client.post(away, {"version": record.version}).status_code == 404
    client.force_login(cast.erin)
    assert client.post(away, {"version": record.version}).status_code in (403, 404)
    record.refresh_from_db()
    assert record.archived_at is None
