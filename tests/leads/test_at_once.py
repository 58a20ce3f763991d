"""People and workers at the same moment: settings, models and what a machine fills in."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from leads import services
from leads.models import EnrichmentProvider, EnrichmentRun, FitRule, Lead, LeadPropensity, RuleCard, Scorecard
from leads.models import ScoringModel as Model
from leads.selectors.scoring import CRITERIA
from leads.services import propensity
from leads.services.enrichment import Found
from leads.setup import ensure_leads
from leads.tasks import score_all
from revops.core import clock, jobs
from revops.core.errors import IllegalState
from revops.core.models import JobRun
from tests.cast import Cast, make_cast
from tests.core.threads import together
from tests.leads.builders import make_lead

pytestmark = pytest.mark.django_db(transaction=True)


def waits() -> bool:
    """Whether somebody waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def held_up(work: Callable[[], Any], first: Callable[[], Any]) -> Any:
    """What `work` answers when it has to wait in another connection until `first` is committed."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            first()
            other = pool.submit(run)
            while not waits():
                assert not other.done(), "it went past what was being written"
        return other.result(30)


def candidate(number: int, auc: float, weight: float) -> Model:
    """A version that judges by the source alone."""
    metrics = {"auc": auc, "brier": 0.2, "base_brier": 0.24, "calibration_error": 0.03}
    plan = {"name": "source", "kind": "word", "levels": ["web"], "shown": ["Web"], "shares": [0.5, 0.4, 0.1],
            "below": [0, 0, 0.8], "edges": [], "form": ""}  # fmt: skip
    weights = {"kind": "regression", "intercept": 0.0, "weights": [[0.0, weight, 0.0]]}
    return Model.objects.create(
        number=number, algorithm="regression", status="ready", metrics=metrics, fields=[plan], weights=weights,
        base={}, trained_at=clock.now(),
    )  # fmt: skip


def test_rules_that_two_people_change_at_once_make_two_cards(db: Any) -> None:
    cast = make_cast()
    lead = make_lead(cast.sam)
    services.score_engagement(lead=lead)  # the card in force has been used: each change makes the next one
    first = RuleCard.objects.get(is_active=True)
    rules = list(FitRule.objects.order_by("pk")[:3])

    def change(rule: FitRule) -> Any:
        return services.edit_setting(record=rule, version=rule.version, actor=cast.olga, points=rule.points + 1)

    answers = together(*[lambda rule=rule: change(rule) for rule in rules])
    assert [type(answer) for answer in answers] == [FitRule] * 3
    card = RuleCard.objects.get(is_active=True)
    assert card.number > first.number
    points = {row["id"]: row["points"] for row in card.rules["fit"]}
    assert [points[rule.pk] for rule in rules] == [rule.points + 1 for rule in rules]


def test_of_two_scorecards_at_once_the_later_one_holds(db: Any) -> None:
    cast = make_cast()
    ensure_leads()

    def make(threshold: int) -> Any:
        weights = dict.fromkeys(CRITERIA, Decimal(20))
        return services.create_scorecard(actor=cast.olga, weights=weights, threshold=Decimal(threshold))

    made = together(lambda: make(70), lambda: make(80))
    assert [type(one) for one in made] == [Scorecard] * 2
    assert sorted(one.number for one in made) == [2, 3]
    assert Scorecard.objects.get(is_active=True).number == 3


def test_of_two_models_published_at_once_the_better_one_is_in_use(db: Any) -> None:
    cast = make_cast()
    worse, better = candidate(1, 0.75, 1.0), candidate(2, 0.80, 2.0)
    answers = together(
        *[lambda one=one: services.publish_model(model=one, version=None, actor=cast.olga) for one in (worse, better)]
    )
    assert Model.objects.get(status="published") == better
    refused = [one for one in answers if not isinstance(one, Model)]
    assert all(isinstance(one, IllegalState) and one.code == "not_better" for one in refused)


def test_two_trainings_asked_for_at_once_are_one(db: Any) -> None:
    cast = make_cast()
    answers = together(*[lambda: services.start_training(actor=cast.olga)] * 3)
    assert sorted(type(one).__name__ for one in answers) == ["IllegalState", "IllegalState", "JobRun"]


def test_scores_of_a_model_that_is_replaced_while_it_scores_are_those_of_the_later_one(
    db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast()
    lead = make_lead(cast.sam, source="Web")
    early, late = candidate(1, 0.75, 1.0), candidate(2, 0.80, -1.0)
    services.publish_model(model=early, version=None, actor=cast.olga)
    first = JobRun.objects.get()

    def publish() -> Any:
        try:
            return services.publish_model(model=late, version=None, actor=cast.olga)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        published: list[Any] = []
        write = propensity._write

        def slow(*args: Any) -> None:
            """Somebody publishes the later one after the scores were computed and before they are written."""
            if not published:
                published.append(pool.submit(publish))
                while not waits():
                    assert not published[0].done(), "it was published past a running chunk"
            write(*args)

        monkeypatch.setattr(propensity, "_write", slow)
        jobs.run(str(first.pk))
        assert published[0].result(30).number == 2
    jobs.run(str(JobRun.objects.exclude(pk=first.pk).get().pk))
    assert LeadPropensity.objects.get(lead=lead).model == late


@pytest.fixture
def asked(settings: Any) -> Iterator[tuple[Cast, Lead, EnrichmentRun]]:
    """A lead about which a provider is just being asked."""
    settings.WEBHOOK_ALLOW_HTTP, settings.WEBHOOK_PRIVATE_HOSTS = True, ["localhost"]
    cast = make_cast()
    lead = make_lead(cast.sam, industry="")
    services.create_provider(actor=None, name="Register", url="http://localhost:1/{domain}")
    [run] = services.ask_enrichment(lead=lead, actor=cast.sam)
    assert services.claim_enrichment(run_id=run.pk) is not None
    yield cast, lead, run


@pytest.mark.spec("SD-06")
def test_what_a_person_types_while_a_machine_answers_stays(asked: tuple[Cast, Lead, EnrichmentRun]) -> None:
    cast, lead, run = asked
    found = Found(facts={"employees": 310, "industry": "Retail", "country": "Norway"})
    held_up(
        lambda: services.settle_enrichment(run_id=run.pk, found=found),
        lambda: services.update_lead(lead=lead, version=None, actor=cast.sam, employees=12, industry="Veterinary"),
    )
    lead.refresh_from_db()
    assert (lead.employees, lead.industry, lead.country) == (12, "Veterinary", "Norway")
    assert EnrichmentProvider.objects.get().failures == 0 and EnrichmentRun.objects.get().status == "done"


def test_a_lead_that_changes_while_all_are_scored_keeps_its_latest_scores(db: Any) -> None:
    cast = make_cast()
    lead = make_lead(cast.sam, source="List")
    held_up(score_all, lambda: services.update_lead(lead=lead, version=None, actor=cast.sam, source="Referral"))
    lead.fit.refresh_from_db()
    assert [row["field"] for row in lead.fit.reasons] == ["source"] and lead.fit.score == 30
