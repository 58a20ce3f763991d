"""Who took part in mails and meetings and is no contact yet; how complete what we know is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import services
from accounts.models import Account, CapturedParticipant, Contact
from accounts.selectors.completeness import completeness
from accounts.tasks import capture_participants, completeness_report
from revops.core import clock
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.users.models import Notification, User
from tests.accounts.builders import make_account, make_contact
from tests.builders import make_token, make_user
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def api(user: User) -> Any:
    return APIClient(headers={"Authorization": f"Bearer {make_token(user)}"})


def meeting(account: Account, *emails: str, kind: str = "meeting", **more: Any) -> Any:
    return services.log_activity(
        actor=account.owner, kind=kind, subject="Kick-off", account=account, attendees=emails, **more
    )


@pytest.fixture
def account(cast: Cast) -> Account:
    return make_account(cast.alice, "Halvorsen")


@pytest.mark.spec("RO-20")
def test_a_meeting_with_an_unknown_attendee_yields_one_pending_contact_for_confirmation(
    cast: Cast, account: Account
) -> None:
    make_contact(account, "Known", email="known@halvorsen.example")
    meeting(account, "Ann.Lee@Halvorsen.example", "known@halvorsen.example", cast.bob.email)
    assert capture_participants() == 3
    row = CapturedParticipant.objects.get()
    assert (row.email, row.state, row.account) == ("Ann.Lee@Halvorsen.example", "pending", account)
    assert Contact.objects.count() == 1, "nobody is made a contact by a machine"
    contact = services.confirm_participant(
        participant=row, version=row.version, actor=cast.alice, first_name="Ann", last_name="Lee"
    )
    row.refresh_from_db()
    assert (row.state, row.contact, row.decided_by) == ("confirmed", contact, cast.alice)
    assert (contact.account, contact.email, contact.owner) == (account, "Ann.Lee@Halvorsen.example", cast.alice)


def test_looking_twice_and_a_second_meeting_ask_once(cast: Cast, account: Account) -> None:
    meeting(account, "ann@halvorsen.example")
    capture_participants()
    assert capture_participants() == 0
    meeting(account, "ANN@halvorsen.example", kind="email")
    assert capture_participants() == 1
    row = CapturedParticipant.objects.get()
    services.dismiss_participant(participant=row, version=row.version, actor=cast.alice)
    meeting(account, "ann@halvorsen.example")
    capture_participants()
    assert CapturedParticipant.objects.get().state == "dismissed"
    with pytest.raises(IntegrityError), transaction.atomic():
        CapturedParticipant.objects.create(
            account=account, email="x", email_key="ann@halvorsen.example", activity=row.activity
        )


def test_only_what_happened_counts_and_only_mails_and_meetings(cast: Cast, account: Account) -> None:
    planned = services.plan_activity(
        actor=cast.alice,
        kind="meeting",
        subject="Later",
        account=account,
        due_at=clock.now() + timedelta(days=1),
        attendees=["later@halvorsen.example"],
    )
    meeting(account, "note@halvorsen.example", kind="note")
    assert capture_participants() == 0
    services.complete_activity(activity=planned, version=planned.version, actor=cast.alice)
    assert capture_participants() == 1
    assert CapturedParticipant.objects.get().email == "later@halvorsen.example"


def test_an_address_that_is_none_is_refused_and_nothing_is_logged(cast: Cast, account: Account) -> None:
    with pytest.raises(InvalidInput):
        meeting(account, "ann at halvorsen")
    with pytest.raises(InvalidInput):
        meeting(account, *(f"p{number}@halvorsen.example" for number in range(51)))
    assert not account.activities.exists()


def test_who_decides_and_who_does_not(cast: Cast, account: Account) -> None:
    meeting(account, "ann@halvorsen.example")
    capture_participants()
    row = CapturedParticipant.objects.get()
    nobody = make_user("reader", roles=())
    with pytest.raises(NotAllowed):
        services.confirm_participant(participant=row, version=None, actor=nobody, last_name="Lee")
    with pytest.raises(StaleCopy):
        services.dismiss_participant(participant=row, version=row.version + 1, actor=cast.alice)
    with pytest.raises(InvalidInput):
        services.confirm_participant(participant=row, version=None, actor=cast.alice, last_name="")
    row.refresh_from_db()
    assert row.state == "pending" and not Contact.objects.exists()
    services.confirm_participant(participant=row, version=None, actor=cast.alice, last_name="Lee")
    with pytest.raises(IllegalState):
        services.dismiss_participant(participant=row, version=None, actor=cast.alice)


def test_the_page_suggests_a_name_confirms_and_dismisses(cast: Cast, account: Account, client: Client) -> None:
    client.force_login(cast.alice)
    answer = client.post(
        reverse("account-log", args=[account.pk]),
        {"kind": "meeting", "text": "Kick-off", "attendees": "ann.lee@halvorsen.example; bo@halvorsen.example"},
    )
    assert answer.status_code == 302
    capture_participants()
    ann, bo = CapturedParticipant.objects.order_by("pk")
    page = client.get(reverse("captured-list")).content.decode()
    assert 'value="Ann"' in page and 'value="Lee"' in page
    confirm = reverse("captured-confirm", args=[ann.pk])
    assert client.post(confirm, {"version": ann.version, f"p{ann.pk}-last_name": ""}).status_code == 422
    client.post(confirm, {"version": ann.version, f"p{ann.pk}-first_name": "Ann", f"p{ann.pk}-last_name": "Lee"})
    assert Contact.objects.get().name == "Ann Lee"
    client.post(reverse("captured-dismiss", args=[bo.pk]), {"version": bo.version})
    assert "Nobody to confirm" in client.get(reverse("captured-list")).content.decode()


def test_an_outsider_sees_none_of_it(cast: Cast, account: Account, client: Client) -> None:
    meeting(account, "ann@halvorsen.example")
    capture_participants()
    row = CapturedParticipant.objects.get()
    client.force_login(cast.charlie)
    assert "halvorsen" not in client.get(reverse("captured-list")).content.decode()
    for name in ("captured-confirm", "captured-dismiss"):
        assert client.post(reverse(name, args=[row.pk]), {"version": 1}).status_code == 404
    theirs = api(cast.charlie)
    assert theirs.get("/api/v1/captured-participants").json()["results"] == []
    assert theirs.post(f"/api/v1/captured-participants/{row.pk}/confirm", {"last_name": "Lee"}).status_code == 404


def test_the_api_logs_attendees_and_confirms(cast: Cast, account: Account) -> None:
    mine = api(cast.alice)
    body = {"kind": "email", "subject": "Hello", "account": account.pk, "attendees": ["ann@halvorsen.example"]}
    assert mine.post("/api/v1/activities", body).status_code == 201
    assert mine.post("/api/v1/activities", body | {"attendees": ["nobody"]}).status_code == 422
    capture_participants()
    (row,) = mine.get("/api/v1/captured-participants?state=pending").json()["results"]
    answer = mine.post(f"/api/v1/captured-participants/{row['id']}/confirm", {"last_name": "Lee"})
    assert answer.status_code == 200 and answer.json()["state"] == "confirmed"
    assert answer.json()["contact"] == Contact.objects.get().pk


# How complete -----------------------------------------------------------------------------------------


def test_each_figure_opens_exactly_the_rows_that_lack_it(cast: Cast, account: Account, client: Client) -> None:
    make_account(cast.alice, "Empty")
    make_account(cast.charlie, "Not mine")
    services.update_account(account=account, version=None, actor=cast.alice, website="halvorsen.example")
    make_contact(account, "Lee", email="lee@halvorsen.example")
    make_contact(account, "Bo")
    found = {str(group): {str(fact.label): fact for fact in facts} for group, facts in completeness(viewer=cast.alice)}
    site, someone, mail = found["Accounts"]["Web site"], found["Accounts"]["A contact"], found["Contacts"]["E-mail"]
    assert (site.known, site.total) == (1, 2) and (someone.known, someone.total) == (1, 2)
    assert (mail.known, mail.total) == (1, 2)
    client.force_login(cast.alice)
    for fact, shown, hidden in ((site, "Empty", "Halvorsen"), (someone, "Empty", "Halvorsen"), (mail, "Bo", "Lee")):
        page = client.get(fact.url).content.decode()
        rows = page[page.index("<tbody") :]
        assert shown in rows and hidden not in rows.split("</tbody>")[0], fact.url
    page = client.get(reverse("completeness")).content.decode()
    assert "Web site" in page and "?without=website" in page


def test_every_owner_hears_once_a_week_what_is_missing_most(cast: Cast, account: Account) -> None:
    make_contact(account, "Lee", email="lee@halvorsen.example")
    assert completeness_report() == 1
    assert completeness_report() == 0
    row = Notification.objects.get(kind="completeness.weekly")
    assert (row.user, row.url) == (cast.alice, reverse("completeness"))
    assert "missing 1 times" in row.title
