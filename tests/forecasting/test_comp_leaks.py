"""Ways round the statement by which pay could be read."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from forecasting.models import PlanAssignment
from revops.core import audit, jobs, outbox
from revops.core.models import Delivery, JobRun
from revops.users.models import User
from tests.cast import Cast
from tests.forecasting.pay import at, make_comp_admin, month, put_on_p1, sell


@pytest.mark.spec("INV-40")
def test_being_a_superuser_does_not_open_the_log_about_pay(cast: Cast) -> None:
    admin = make_comp_admin()
    with at():
        put_on_p1(admin, cast.alice)
        sell(cast.alice, 1000)
    root = User.objects.create_superuser("root", "root@example.com", "x")
    assert root.has_perm("forecasting.view_all_compensation")
    assert not audit.visible_entries(root).filter(area="compensation").exists()
    assert audit.visible_entries(admin).filter(area="compensation").exists()


def test_what_the_database_says_about_a_failed_row_is_not_kept(cast: Cast, monkeypatch: Any) -> None:
    """Its second line is the row itself: names, percentages, amounts."""
    admin = make_comp_admin()

    def fail(**_facts: Any) -> bool:
        with transaction.atomic():
            PlanAssignment.objects.update(status="active", signed_at=None)
        return False

    with at():
        put_on_p1(admin, cast.alice)
        with pytest.raises(IntegrityError, match="Failing row contains"):
            fail()
        monkeypatch.setattr("forecasting.handlers.compensation.calculate_order", fail)
        sell(cast.alice, 1000)
        assert outbox.deliver_due() == 0
        job = jobs.start(kind="forecasting.calculate_commissions", actor=admin, params={"period": month().pk})
        monkeypatch.setitem(jobs._kinds, job.kind, jobs.JobKind(step=fail))
        with pytest.raises(IntegrityError):
            jobs.run(str(job.pk))
    told = [*Delivery.objects.exclude(last_error="").values_list("last_error", flat=True)]
    told += JobRun.objects.values_list("error", flat=True)
    assert len(told) == 2
    assert all(text.startswith("IntegrityError: ") and "Failing row" not in text for text in told), told
