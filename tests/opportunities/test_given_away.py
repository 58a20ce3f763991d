"""A person who changes company, and a deal that changes hands: whoever worked on it can go on."""

from typing import Any

import pytest
from django.test import Client

from accounts import services as accounts
from opportunities import services
from revops.core.errors import InvalidInput
from tests.accounts.builders import make_contact
from tests.cast import Cast
from tests.opportunities.builders import make_account
from tests.opportunities.quote_builders import make_deal


def test_a_deal_goes_on_after_its_contact_has_moved_to_another_company(cast: Cast) -> None:
    deal = make_deal(cast.alice)
    person = make_contact(deal.account)
    services.update_opportunity(opportunity=deal, version=None, actor=cast.alice, contact=person)
    accounts.update_contact(contact=person, version=None, actor=cast.alice, account=make_account(cast.alice))
    moved = services.move_opportunity(opportunity=deal, stage="pitch", version=None, actor=cast.alice)
    assert moved.stage.key == "pitch"
    services.update_opportunity(opportunity=deal, version=None, actor=cast.alice, name="Still going")
    with pytest.raises(InvalidInput):
        services.create_opportunity(actor=cast.alice, name="New", account=deal.account, contact=moved.contact)


def test_whoever_gives_a_deal_away_is_not_told_that_it_does_not_exist(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    deal = make_deal(cast.alice)
    form: Any = client.get(f"/opportunities/{deal.pk}/edit/").context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {name: getattr(value, "pk", value) for name, value in data.items() if value is not None}
    answer = client.post(
        f"/opportunities/{deal.pk}/edit/", data | {"owner": cast.charlie.pk, "version": 1}, follow=True
    )
    assert answer.redirect_chain, answer.content[:500]
    assert answer.status_code == 200
    deal.refresh_from_db()
    assert deal.owner == cast.charlie
