"""What a file brings twice beside what its bringer does not see: the owner hears of it, the bringer learns nothing."""

import pytest

from accounts import services
from accounts.models import Account, Contact
from leads.models import Lead
from revops.core import jobs
from revops.integrations.services import start_commit
from revops.users.models import Notification, User
from tests.accounts.builders import make_account, make_contact
from tests.builders import make_product, make_user
from tests.cast import Cast
from tests.integrations.files import checked, committed, imported, refused


@pytest.fixture
def max_(cast: Cast) -> User:
    """Somebody who brings files and sees no more than their own."""
    return make_user("max", roles=("RevOps admin",), reach="own")


def told() -> dict[str, int]:
    rows = Notification.objects.filter(kind="duplicate.hidden").values_list("user__username", "about_id")
    return {name: int(about) for name, about in rows}


@pytest.mark.spec("SD-05", "DA-02")
def test_an_account_of_another_is_told_of_and_not_shown(cast: Cast, max_: User) -> None:
    hers = make_account(cast.charlie, "Zenith GmbH", website="zenith.example")
    make_account(cast.charlie, "Elm", website="elm.example")
    mine = make_account(max_, "Acme")
    run = checked("accounts", "Name,City\nZenith,Bern\nAcme,Basel\nOak,Chur\n", max_)
    assert {row.label: (row.verdict, row.notes, row.errors) for row in run.rows.all()} == {
        "Zenith": ("create", [], []), "Acme": ("update", [], []), "Oak": ("create", [], []),
    }  # fmt: skip
    assert told() == {}
    committed(run, max_)
    assert told() == {"charlie": hers.pk}
    hers.refresh_from_db()
    mine.refresh_from_db()
    assert (hers.city, hers.version, mine.city) == ("", 1, "Basel")
    assert Account.objects.filter(name="Zenith", owner=max_).count() == 1


@pytest.mark.spec("DA-03")
def test_a_contact_of_another_is_told_of_and_not_shown(cast: Cast, max_: User) -> None:
    hers = make_contact(make_account(cast.charlie), "Pike", email="Ann@Pike.example")
    make_account(max_, "Acme")
    text = "Last name,Account,E-mail\nPike,Acme,ann@pike.example\nLee,Acme,lee@acme.example\n"
    run = imported("contacts", text, max_)
    assert not refused(run) and run.counts["create"] == 2
    assert told() == {"charlie": hers.pk}
    assert Contact.objects.filter(account__name="Acme").count() == 2
    # Who sees everything is shown what is alike instead.
    make_account(cast.olga, "Birch")
    imported("contacts", "Last name,Account,E-mail\nPike,Birch,ann@pike.example\n", cast.olga)
    assert told() == {"charlie": hers.pk}


@pytest.mark.spec("DA-02")
def test_what_was_merged_away_after_the_plan_is_followed(cast: Cast, max_: User) -> None:
    winner, loser = make_account(max_, "Acme"), make_account(max_, "Acorn")
    run = checked("contacts", "Last name,Account\nPike,Acorn\n", max_)
    # The plan is made once more at the start of the commit; the merge comes between that and the writing.

    job = start_commit(run=run, version=run.version, actor=max_)
    assert jobs._step(str(job.pk))
    services.merge_accounts(winner=winner, loser=loser, version=None, actor=max_)
    jobs.run(str(job.pk))
    assert Contact.objects.get(last_name="Pike").account_id == winner.pk


@pytest.mark.spec("DA-04")
def test_leads_name_the_product_that_they_ask_for(cast: Cast) -> None:
    product = make_product(name="GTX Pro", sku="GTX-9")
    text = "Last name,Company,Product\nPike,Acme,gtx-9\nLee,Elm,GTXPro\nRay,Oak,\nMay,Ash,Lawnmower\n"
    run = imported("leads", text, cast.sam)
    assert {lead.last_name: lead.product_id for lead in Lead.objects.all()} == {
        "Pike": product.pk, "Lee": product.pk, "Ray": None,
    }  # fmt: skip
    assert [error["field"] for errors in refused(run).values() for error in errors] == ["product"]
    again = imported("leads", "Last name,Company,Product\nRay,Oak,GTX Pro\n", cast.sam)
    assert again.counts["update"] == 1 and Lead.objects.get(last_name="Ray").product_id == product.pk
