"""What people hear of cases."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from postsales.tasks import sla_watch
from revops.users.models import Notification
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.postsales.builders import make_case

pytestmark = pytest.mark.django_db


def test_a_missed_level_is_told_once_to_the_owner_and_the_manager(cast: Cast) -> None:
    with time_machine.travel(datetime(2027, 1, 11, 9, tzinfo=UTC), tick=False) as now:
        case = make_case(make_account(cast.alice), "Printer burns", priority="P1", owner=cast.alice)
        now.shift(timedelta(minutes=16))
        sla_watch()
        sla_watch()
        rows = Notification.objects.filter(kind="sla.breached")
        assert {row.user.username for row in rows} == {"alice", "bob"}
        assert {(row.title, row.body) for row in rows} == {
            (f"{case.number} waits too long for its first answer", "Printer burns")
        }
        now.shift(timedelta(hours=4))
        sla_watch()
        assert sorted(case.breaches.values_list("target", flat=True)) == ["resolution", "response"]
        assert rows.all().count() == 4
