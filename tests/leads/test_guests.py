"""Somebody of a partner has a login and no work of ours: nothing is given to them, by whatever door."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, Activity, Contact
from leads import services
from leads.models import Lead, PoolMember
from leads.selectors.routing import decide
from leads.setup import ensure_leads
from opportunities.models import Opportunity
from opportunities.setup import ensure_pipeline
from revops.core.errors import InvalidInput
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import make_lead, make_pool, make_qualified_lead
from tests.leads.test_promotion import make_partner, make_person
from tests.opportunities.builders import make_deal

pytestmark = pytest.mark.spec("INV-92")


def test_no_record_is_given_to_somebody_of_a_partner(cast: Cast, client: Client) -> None:
    ensure_leads()
    ensure_pipeline()
    guest = make_person(make_partner(cast.bob), cast.bob)
    lead, account, deal = make_lead(cast.alice), make_account(cast.alice), make_deal(cast.alice)
    contact = make_contact(account)
    client.force_login(cast.olga)
    due = {"kind": "task", "subject": "Call", "due_at": "2199-01-01T09:00:00Z"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("post", f"leads/{lead.pk}/assign", {}),
        ("post", "leads", {"last_name": "Lee", "company": "New"}),
        ("patch", f"accounts/{account.pk}", {}),
        ("post", "accounts", {"name": "New"}),
        ("patch", f"contacts/{contact.pk}", {}),
        ("post", "contacts", {"account": account.pk, "last_name": "New"}),
        ("patch", f"opportunities/{deal.pk}", {}),
        ("post", "opportunities", {"name": "New", "account": account.pk}),
        ("post", "activities", {**due, "account": account.pk}),
    ]
    for verb, path, body in asked:
        answer = getattr(client, verb)(f"/api/v1/{path}", {**body, "owner": guest.pk}, content_type="application/json")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "owner"), (path, answer.content)
    for model in (Lead, Account, Contact, Opportunity, Activity):
        assert not model.objects.filter(owner=guest).exists()


def test_neither_pool_nor_list_nor_handoff_nor_router_gives_a_lead_to_them(cast: Cast) -> None:
    guest = make_person(make_partner(cast.bob), cast.bob)
    pool = make_pool((cast.alice, 1, None))
    lead = make_qualified_lead(cast.sam)
    for give in (
        lambda: services.set_members(pool=pool, members=[{"user": guest}], actor=cast.olga),
        lambda: services.set_members(pool=pool, members=[{"user": cast.alice}] * 2, actor=cast.olga),
        lambda: services.name_account(actor=cast.olga, company="Tamar", user=guest),
        lambda: services.submit_handoff(lead=lead, to_user=guest, version=None, actor=cast.sam),
    ):
        with pytest.raises(InvalidInput):
            give()
    PoolMember.objects.filter(pool=pool).update(user=guest)  # as before it was refused
    found = decide(make_lead(None))
    assert found.user is None and found.queue is not None
