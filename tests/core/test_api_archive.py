"""POST /{id}/archive and /restore: out of the way, and back."""

from typing import Any

import pytest
from django.test import Client

from leads import services as leads
from opportunities import services as deals
from opportunities.models import Opportunity
from revops.core.errors import IllegalState
from revops.core.models import AuditEntry
from tests.accounts.builders import make_account, make_contact
from tests.cast import Cast
from tests.leads.builders import make_handoff, make_lead
from tests.opportunities.quote_builders import make_deal

KINDS = ("accounts", "contacts", "leads", "opportunities")


def made(kind: str, cast: Cast) -> Any:
    makers = {
        "accounts": lambda: make_account(cast.alice),
        "contacts": lambda: make_contact(make_account(cast.alice)),
        "leads": lambda: make_lead(cast.alice),
        "opportunities": lambda: make_deal(cast.alice),
    }
    return makers[kind]()


@pytest.mark.parametrize("kind", KINDS)
def test_an_archived_record_is_out_of_lists_until_it_is_asked_for_or_restored(
    client: Client, cast: Cast, kind: str
) -> None:
    record = made(kind, cast)
    path, home = f"/api/v1/{kind}/{record.pk}", f"/api/v1/{kind}"
    client.force_login(cast.alice)

    def listed(query: str = "") -> list[int]:
        return [row["id"] for row in client.get(home + query).json()["results"]]

    body = {"reason": "Came in twice"}
    gone: Any = client.post(f"{path}/archive", body, content_type="application/json", headers={"If-Match": '"1"'})
    assert gone.status_code == 200 and gone.json()["archived_at"] and gone["ETag"] == '"2"'
    assert record.pk not in listed() and record.pk in listed("?archived=true")
    assert client.get(path).status_code == 200
    entry = AuditEntry.objects.get(action=f"{record._meta.model_name}.archived")
    assert (entry.actor, entry.facts["reason"]) == (cast.alice, "Came in twice")
    assert client.post(f"{path}/archive").status_code == 409
    facts = {"accounts": {"city": "Bremen"}, "contacts": {"title": "CFO"}, "leads": {"title": "CFO"},
             "opportunities": {"source": "Fair"}}  # fmt: skip
    held: Any = client.patch(path, facts[kind], content_type="application/json")
    assert (held.status_code, held.json()["code"]) == (409, "archived")
    stale = client.post(f"{path}/restore", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    back: Any = client.post(f"{path}/restore", headers={"If-Match": '"2"'})
    assert back.status_code == 200 and back.json()["archived_at"] is None and record.pk in listed()
    assert client.post(f"{path}/restore").status_code == 409


@pytest.mark.parametrize("kind", KINDS)
def test_an_outsider_gets_404_and_who_may_not_change_gets_403(client: Client, cast: Cast, kind: str) -> None:
    record = made(kind, cast)
    for verb in ("archive", "restore"):
        client.force_login(cast.charlie)
        assert client.post(f"/api/v1/{kind}/{record.pk}/{verb}").status_code == 404
        client.force_login(cast.erin)
        assert client.post(f"/api/v1/{kind}/{record.pk}/{verb}").status_code in (403, 404)
    record.refresh_from_db()
    assert record.archived_at is None


def test_a_lead_that_was_offered_to_a_seller_waits_for_the_answer(cast: Cast) -> None:
    lead = make_handoff(cast.sam, cast.alice).lead
    with pytest.raises(IllegalState):
        leads.archive_lead(lead=lead, version=None, actor=cast.sam)
    lead.refresh_from_db()
    assert lead.archived_at is None


def test_a_deal_that_was_won_has_been_counted_and_stays(cast: Cast) -> None:
    deal = make_deal(cast.alice)
    won = deal.pipeline.stages.get(kind="won")
    deals.move_opportunity(opportunity=deal, version=None, actor=cast.alice, stage=won, won_reason="By hand")
    with pytest.raises(IllegalState):
        deals.archive_opportunity(opportunity=deal, version=None, actor=cast.alice)
    assert Opportunity.objects.get().archived_at is None


def test_an_archived_lead_or_deal_moves_no_further(client: Client, cast: Cast) -> None:
    lead, deal = made("leads", cast), made("opportunities", cast)
    client.force_login(cast.alice)
    for path in (f"/api/v1/leads/{lead.pk}", f"/api/v1/opportunities/{deal.pk}"):
        assert client.post(f"{path}/archive").status_code == 200
    verbs: list[tuple[str, dict[str, Any]]] = [
        (f"leads/{lead.pk}/start", {}),
        (f"leads/{lead.pk}/answers", {"needs": "80"}),
        (f"leads/{lead.pk}/nurture", {}),
        (f"opportunities/{deal.pk}/advance", {"stage": "prospecting"}),
        (f"opportunities/{deal.pk}/category", {"category": "commit"}),
    ]
    for verb, body in verbs:
        answer: Any = client.post(f"/api/v1/{verb}", body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "archived"), (verb, answer.content)
    lead.refresh_from_db()
    deal.refresh_from_db()
    assert (lead.version, deal.version) == (2, 2)


def test_an_archived_lead_is_nobodys_duplicate(cast: Cast) -> None:
    first = make_lead(cast.alice, email="ada@northwind.example")
    leads.archive_lead(lead=first, version=None, actor=cast.alice)
    again = leads.create_lead(
        actor=cast.alice, last_name="Keller", company="Other", email="ada@northwind.example", allow_duplicate=False
    )
    assert again.pk != first.pk
