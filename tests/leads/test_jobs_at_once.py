"""Jobs of prospecting that run three times at the same moment have the effect of one run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model

from accounts.models import Activity, CapturedParticipant
from accounts.services import log_activity
from accounts.tasks import capture_participants, completeness_report
from forecasting.models.goals import GoalProgress
from forecasting.models.periods import FiscalPeriod
from forecasting.services.goals import create_goal
from forecasting.setup import ensure_periods
from forecasting.tasks import compute_goal_progress
from leads import services, tasks
from leads.models import (
    CampaignDay,
    CultivationPlan,
    DataQualityIssue,
    FitResult,
    FitScore,
    FunnelSnapshot,
    Handoff,
    LeadEngagement,
    QualificationScore,
    ResearchFinding,
)
from revops.core import clock
from revops.core.models import JobRun
from revops.users.models import Notification
from tests.accounts.builders import make_account
from tests.cast import Cast, make_cast
from tests.core.threads import together
from tests.leads.builders import answered, make_handoff, make_lead
from tests.leads.test_campaigns import make_campaign
from tests.leads.test_markets import CRITERIA, activated, make_market

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("INV-93")]
WEEKS = timedelta(days=20)


def prospecting() -> Cast:
    """A little of everything that a job of the night or of the hour has to do something about."""
    cast = make_cast()
    ensure_periods(clock.today().year)
    month = FiscalPeriod.objects.months().holding(clock.today()).get()
    create_goal(actor=cast.dana, period=month, owner=cast.dana, target=5)
    with clock.at(clock.now() - WEEKS):
        lead = answered(make_lead(cast.sam, industry="Manufacturing", region="California", employees=300), cast.sam)
        services.cultivate_lead(lead=lead, actor=cast.sam)
        services.add_finding(
            actor=cast.sam, lead=lead, topic="who", value="9 clinics", source="Site", expires_on=clock.today()
        )
        make_handoff(cast.sam, cast.alice)
        campaign = make_campaign(cast.bob)
        services.note_touch(actor=cast.bob, campaign=campaign, lead=lead, responded=True)
        activated(make_market(cast.dana, **CRITERIA), cast.dana)
    for model in (FitResult, FitScore, LeadEngagement, QualificationScore):
        model._default_manager.all().delete()
    log_activity(
        actor=cast.alice,
        kind="meeting",
        subject="Kick-off",
        account=make_account(cast.alice),
        attendees=["a@b.example"],
    )
    return cast


def counts(*models: type[Model]) -> list[int]:
    return [model._default_manager.count() for model in models]


def test_each_job_at_once_with_itself_does_its_work_once(db: Any) -> None:
    cast = prospecting()
    planned = Activity.objects.filter(status="planned", kind="task")
    works: list[tuple[Callable[[], Any], Callable[[], Any], Any]] = [
        (tasks.score_all, lambda: counts(FitScore, LeadEngagement, QualificationScore), [2, 2, 2]),
        (tasks.refresh_fits, lambda: counts(FitResult), [2]),
        (tasks.cultivation_reminders, lambda: planned.filter(subject__startswith="No touch").count(), 1),
        (tasks.expire_findings, lambda: planned.filter(subject__icontains="Renew research").count(), 1),
        (tasks.data_quality_scan, lambda: len({*DataQualityIssue.objects.values_list("rule", "lead")}), None),
        (tasks.handoff_sla_watch, lambda: list(Handoff.objects.values_list("status", flat=True)), ["expired"]),
        (tasks.campaign_rollup, lambda: counts(CampaignDay), [1]),
        (tasks.snapshot_funnel, lambda: counts(FunnelSnapshot)[0] > 0, True),
        (tasks.dedupe_scan, lambda: JobRun.objects.filter(kind="leads.dedupe_scan").count(), 1),
        (compute_goal_progress, lambda: counts(GoalProgress), [1]),
        (capture_participants, lambda: counts(CapturedParticipant), [1]),
        (completeness_report, lambda: Notification.objects.filter(kind="completeness.weekly").count(), None),
    ]
    for job, found, expected in works:
        answers = together(job, job, job)
        assert not [one for one in answers if isinstance(one, Exception)], (job, answers)
        once = found()
        assert expected is None or once == expected, (job, once)
        job()
        assert found() == once, job
    assert CultivationPlan.objects.count() == ResearchFinding.objects.count() == 1
    assert Activity.objects.filter(owner=cast.bob, kind="task").count() <= 1
