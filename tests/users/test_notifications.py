"""What people are told: in the page, by mail, in the daily summary."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from rest_framework.test import APIClient

from accounts.services import create_account, update_account
from revops.core import jobs
from revops.core.errors import InvalidInput
from revops.core.models import JobRun
from revops.users import services, tasks
from revops.users.models import Notification, User
from tests.builders import make_token, make_user
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def tell(to: User, title: str = "Something happened", kind: str = "job.done", **more: object) -> int:
    return services.notify(to=to, kind=kind, title=title, url="/accounts/", **more)  # type: ignore[arg-type]


def test_a_person_is_told_once_per_key_and_of_nothing_that_they_did_themselves(cast: Cast) -> None:
    assert tell(cast.alice, key="job:1") == 1
    assert tell(cast.alice, key="job:1") == 0
    assert services.notify(to=[cast.alice, cast.bob], kind="job.done", title="x", url="/", key="job:1") == 1
    assert tell(cast.alice, actor=cast.alice) == 0
    assert Notification.objects.filter(user=cast.alice).count() == 1


def test_the_database_refuses_a_second_row_of_one_key(cast: Cast) -> None:
    tell(cast.alice, key="job:1")
    with pytest.raises(IntegrityError, match="notification_once_per_key"), transaction.atomic():
        Notification.objects.create(user=cast.alice, kind="job.done", title="x", url="/", key="job:1")


def test_whoever_left_is_told_nothing_and_an_unknown_kind_is_a_mistake_of_ours(cast: Cast) -> None:
    services.deactivate_user(user=cast.alice, actor=cast.olga)
    assert tell(User.objects.get(pk=cast.alice.pk)) == 0
    with pytest.raises(ImproperlyConfigured):
        tell(cast.bob, kind="weather")


def test_each_person_reads_the_words_in_their_own_language(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(
        "revops.users.services.notices.language_of",
        lambda person: said.append(person) or {"alice": "de"}.get(person.username, "en"),
    )
    words = format_lazy("{language}", language=gettext_lazy("Saturday"))
    services.notify(to=[cast.alice, cast.bob], kind="job.done", title=words, url="/")
    titles = dict(Notification.objects.values_list("user__username", "title"))
    with translation.override("de"):
        assert titles == {"alice": str(gettext_lazy("Saturday")), "bob": "Saturday"}
    assert titles["alice"] != titles["bob"]


def test_the_bell_counts_what_is_unread_and_the_list_shows_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    assert "0 unread" in client.get(reverse("notification-bell")).content.decode()
    with transaction.atomic():
        tell(cast.alice, "First <thing>")
        tell(cast.alice, "Second thing")
        tell(cast.bob, "Not for alice")
    services.prefer_notification(actor=cast.alice, kind="job.failed", in_page=False, mail="none")
    tell(cast.alice, "Unwanted", kind="job.failed")
    assert Notification.objects.filter(user=cast.alice).count() == 2
    page = client.get(reverse("notification-list")).content.decode()
    assert "First &lt;thing&gt;" in page and "Second thing" in page and "Not for alice" not in page
    assert client.get(reverse("notification-list"), {"show": "everything"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_the_number_on_the_bell_follows_at_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    bell = reverse("notification-bell")
    assert "0 unread" in client.get(bell).content.decode()
    tell(cast.alice)
    tell(cast.alice)
    assert "2 unread" in client.get(bell).content.decode()
    row = Notification.objects.filter(user=cast.alice).first()
    assert row is not None
    client.post(reverse("notification-read", args=[row.pk]))
    assert "1 unread" in client.get(bell).content.decode()
    client.post(reverse("notification-read-all"))
    assert "0 unread" in client.get(bell).content.decode()


def test_opening_one_goes_to_the_record_and_marks_it_as_read(cast: Cast, client: Client) -> None:
    tell(cast.alice)
    row = Notification.objects.get()
    client.force_login(cast.bob)
    assert client.get(row.get_absolute_url()).status_code == 404
    assert client.post(reverse("notification-read", args=[row.pk])).status_code == 404
    assert Notification.objects.unread().count() == 1
    client.force_login(cast.alice)
    assert client.get(row.get_absolute_url())["Location"] == "/accounts/"
    assert not Notification.objects.unread().exists()


def test_who_no_longer_sees_the_record_does_not_learn_its_name(cast: Cast, client: Client) -> None:
    account = create_account(actor=cast.alice, name="Zanzibar Quartz")
    tell(cast.alice, "Zanzibar Quartz is yours", kind="job.failed", about=account, body="Zanzibar pays")
    client.force_login(cast.alice)
    assert "Zanzibar" in client.get(reverse("notification-list")).content.decode()
    update_account(account=account, version=None, actor=cast.alice, owner=cast.clara)
    page = client.get(reverse("notification-list")).content.decode()
    assert "Zanzibar" not in page and "no longer yours to see" in page
    row = Notification.objects.get()
    assert client.get(row.get_absolute_url())["Location"] == reverse("notification-list")
    api = APIClient(headers={"Authorization": f"Bearer {make_token(cast.alice)}"})
    assert "Zanzibar" not in api.get("/api/v1/notifications").content.decode()
    tasks.send_mails()
    assert not mail.outbox


def test_the_api_lists_marks_and_answers_strangers_with_404(cast: Cast) -> None:
    tell(cast.alice, "One")
    tell(cast.alice, "Two")
    row = Notification.objects.order_by("pk")[0]
    api = APIClient(headers={"Authorization": f"Bearer {make_token(cast.alice)}"})
    other = APIClient(headers={"Authorization": f"Bearer {make_token(cast.bob)}"})
    assert [one["title"] for one in api.get("/api/v1/notifications").json()["results"]] == ["Two", "One"]
    assert other.get("/api/v1/notifications").json()["results"] == []
    assert other.post(f"/api/v1/notifications/{row.pk}/read").status_code == 404
    answer = api.post(f"/api/v1/notifications/{row.pk}/read")
    assert answer.status_code == 200 and answer.json()["read_at"]
    assert [one["title"] for one in api.get("/api/v1/notifications?unread=true").json()["results"]] == ["Two"]
    assert api.post("/api/v1/notifications/read-all").json() == {"read": 1}
    assert api.get("/api/v1/notifications?weather=1").status_code == 400


def test_a_list_of_many_costs_no_more_queries_than_one_of_few(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)

    def grow() -> None:
        for number in range(20):
            account = create_account(actor=cast.alice, name=f"Account {number} {Notification.objects.count()}")
            tell(cast.alice, f"About {number}", about=account)

    def cost() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse("notification-list")).status_code == 200
        return len(caught)

    grow()
    cost()
    few = cost()
    grow()
    assert cost() <= few


# By mail ------------------------------------------------------------------------------------


def test_a_mail_at_once_is_sent_once_and_has_a_way_out(cast: Cast, client: Client) -> None:
    tell(cast.alice, "It has\nfailed", kind="job.failed", body="For want of a nail")
    tasks.send_mails()
    tasks.send_mails()
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.com"] and letter.subject == "It has failed"
    row = Notification.objects.get()
    assert row.mailed_at is not None and row.mail_after is None
    assert f"/notifications/{row.pk}/open/" in str(letter.body) and "For want of a nail" in str(letter.body)
    html = str(letter.alternatives[0][0])  # type: ignore[attr-defined]
    assert "For want of a nail" in html and "<style" not in html
    address = re.search(r"/notifications/unsubscribe/[^/\s>]+/", letter.extra_headers["List-Unsubscribe"])
    assert address is not None
    assert client.get(address[0]).status_code == 200
    assert not cast.alice.notification_preferences.exists()
    assert Client(enforce_csrf_checks=True).post(address[0], {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert cast.alice.notification_preferences.get().mail == "none"
    tell(cast.alice, "Again", kind="job.failed")
    tasks.send_mails()
    assert len(mail.outbox) == 1
    assert Notification.objects.filter(user=cast.alice, in_page=True).count() == 2
    assert client.get("/notifications/unsubscribe/forged:token:x/").status_code == 404


def test_the_summary_comes_at_seven_where_the_person_lives_and_only_with_news(cast: Cast) -> None:
    services.update_user(user=cast.alice, actor=None, time_zone="America/New_York")
    services.update_user(user=cast.bob, actor=None, time_zone="Asia/Tokyo")
    alice, bob = User.objects.get(pk=cast.alice.pk), User.objects.get(pk=cast.bob.pk)
    for person in (alice, bob):
        services.prefer_notification(actor=person, kind="job.done", in_page=True, mail="digest")
    with time_machine.travel(datetime(2026, 3, 4, 15, 0, tzinfo=UTC), tick=False) as now:
        for title in ("One", "Two"):
            services.notify(to=[alice, bob], kind="job.done", title=title, url="/")
        tasks.send_mails()
        assert not mail.outbox
        now.move_to(datetime(2026, 3, 4, 22, 0, 1, tzinfo=UTC))  # 07:00 in Tokyo, 17:00 in New York
        tasks.send_mails()
        (letter,) = mail.outbox
        assert letter.to == ["bob@example.com"] and letter.subject == "Your day: 2 things"
        assert "One" in str(letter.body) and "Two" in str(letter.body)
        services.read_all_notifications(actor=alice)
        now.move_to(datetime(2026, 3, 5, 12, 0, 1, tzinfo=UTC))  # 07:00 in New York: everything is read already
        tasks.send_mails()
        now.move_to(datetime(2026, 3, 6, 22, 0, 1, tzinfo=UTC))
        tasks.send_mails()
    assert len(mail.outbox) == 1
    assert not Notification.objects.filter(mail_after__isnull=False).exists()


def test_a_mail_that_fails_is_tried_again_and_given_up_after_the_fifth_time(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refuse(self: object, *args: object, **kwargs: object) -> int:
        tries.append(1)
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    start = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as now:
        tell(cast.alice, kind="job.failed")
        tasks.send_mails()
        tasks.send_mails()
        assert len(tries) == 1
        for hours in range(1, 40, 4):
            now.move_to(start + timedelta(hours=hours))
            tasks.send_mails()
    assert len(tries) == 5
    row = Notification.objects.get()
    assert row.mail_after is None and row.mailed_at is None and row.in_page


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_mail_once(cast: Cast) -> None:
    for number in range(12):
        tell(cast.alice, f"Number {number}", kind="job.failed")

    def work() -> None:
        tasks.send_mails()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(letter.subject for letter in mail.outbox) == sorted(f"Number {number}" for number in range(12))


def test_no_mail_goes_out_when_the_change_is_taken_back(cast: Cast) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        tell(cast.alice, kind="job.failed")
        raise RuntimeError
    tasks.send_mails()
    assert not mail.outbox and not Notification.objects.exists()


# Preferences and the sweep -------------------------------------------------------------------


def test_the_settings_page_keeps_what_is_chosen(cast: Cast, client: Client) -> None:
    client.force_login(cast.alice)
    page = client.get(reverse("notification-settings")).content.decode()
    assert "A job of mine has failed" in page
    client.post(reverse("notification-settings"), {"job.failed-page": "1", "job.failed-mail": "digest"})
    row = cast.alice.notification_preferences.get(kind="job.failed")
    assert (row.in_page, row.mail) == (True, "digest")
    assert cast.alice.notification_preferences.get(kind="job.done").in_page is False
    with pytest.raises(InvalidInput):
        services.prefer_notification(actor=cast.alice, kind="job.failed", in_page=True, mail="pigeon")
    with pytest.raises(InvalidInput):
        services.prefer_notification(actor=cast.alice, kind="weather", in_page=True, mail="none")


def test_what_is_older_than_half_a_year_is_thrown_away(cast: Cast) -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        tell(cast.alice, "Old")
    with time_machine.travel(datetime(2026, 6, 1, tzinfo=UTC), tick=False):
        tell(cast.alice, "Younger")
    with time_machine.travel(datetime(2026, 7, 1, tzinfo=UTC), tick=False):
        assert tasks.sweep_notifications() == 1
    assert Notification.objects.get().title == "Younger"


# Jobs ----------------------------------------------------------------------------------------


def _job(actor: User, step: object) -> JobRun:
    jobs.register("tests.told", jobs.JobKind(step=step))  # type: ignore[arg-type]
    return jobs.start(kind="tests.told", actor=actor, params={"title": "Moving mountains"})


def test_whoever_started_a_job_hears_of_its_end_once(cast: Cast) -> None:
    job = _job(cast.alice, lambda job: False)
    jobs.run(str(job.pk))
    jobs.run(str(job.pk))
    row = Notification.objects.get()
    assert (row.user, row.kind, row.title) == (cast.alice, "job.done", "Finished: Moving mountains")
    assert row.url == reverse("core:job", args=[job.pk])


def test_a_job_that_fails_for_good_says_so_once(cast: Cast) -> None:
    def explode(job: JobRun) -> bool:
        raise ValueError("no mountain")

    job = _job(make_user("moses"), explode)
    for _ in range(5):
        assert not Notification.objects.exists()
        with pytest.raises(ValueError, match="no mountain"):
            jobs.run(str(job.pk))
    row = Notification.objects.get()
    assert (row.kind, row.title) == ("job.failed", "Failed: Moving mountains")
    assert "no mountain" in row.body
