"""The dry run of a large file: some rows at a time, each once, and what concerns the whole file settled at its end."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from leads.models import Lead
from opportunities.models import Opportunity
from opportunities.setup import ensure_pipeline
from revops.catalog.models import Product
from revops.core import jobs
from revops.core.errors import IllegalState
from revops.core.models import JobRun
from revops.integrations import services, settling
from revops.integrations.models import ImportRow, ImportRun
from revops.integrations.services import commits, corrections, plans
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.builders import make_price_book, make_token
from tests.integrations.files import checked, committed, refused, undone, uploaded

pytestmark = pytest.mark.django_db
HEAD = "Id,Last name,Company,E-mail\n"
SAID = ("number", "verdict", "label", "errors", "notes", "changes", "values", "record_id")


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few rows are large ones here, and nobody works at jobs but the test."""
    monkeypatch.setattr(plans, "PART", 3)
    monkeypatch.setattr(commits, "CHECKED_AT_ONCE", 4)
    monkeypatch.setattr(corrections, "CHECKED_AT_ONCE", 4)
    monkeypatch.setattr(jobs, "_enqueue", [lambda job, queue: None])


def leads(count: int) -> str:
    return HEAD + "".join(f"L-{n},Person {n},Firm {n},p{n}@firm{n}.example\n" for n in range(1, count + 1))


def mapped(kind: str, text: str, actor: Any) -> ImportRun:
    run = uploaded(kind, text, actor)
    return services.map_run(run=run, version=run.version, actor=actor, mapping=run.mapping)


def started(kind: str, text: str, actor: Any) -> tuple[ImportRun, JobRun]:
    run = mapped(kind, text, actor)
    job = services.start_check(run=run, version=run.version, actor=actor)
    run.refresh_from_db()
    return run, job


def step(job: JobRun) -> bool:
    """What a worker does once; the job as it stands then."""
    more = jobs._step(str(job.pk))
    job.refresh_from_db()
    return more


def said(run: ImportRun) -> list[tuple[Any, ...]]:
    return list(run.rows.order_by("number").values_list(*SAID))


def test_progress_grows_with_the_rows_and_every_row_is_read_once(olga: User, client: Client) -> None:
    run, job = started("leads", leads(8), olga)
    head = {"Authorization": f"Bearer {make_token(olga)}"}
    client.force_login(olga)
    seen = []
    while step(job):
        shown = client.get(f"/api/v1/jobs/{job.pk}", headers=head).json()
        seen.append((shown["done"], shown["total"], run.rows.exclude(verdict="").count()))
        assert client.get(f"/imports/{run.pk}/").headers["Location"] == f"/jobs/{job.pk}/"
    assert seen == [(3, 8, 3), (6, 8, 6), (8, 8, 8)]
    run.refresh_from_db()
    assert (job.state, run.state, run.counts["create"]) == ("done", "checked", 8)
    assert client.get(f"/imports/{run.pk}/").status_code == 200 and not Lead.objects.exists()


def test_a_check_that_is_cancelled_half_way_leaves_nothing_behind(olga: User) -> None:
    run, job = started("leads", leads(8), olga)
    before = said(run)
    step(job)
    step(job)
    assert said(run) != before
    jobs.request_cancel(job=job, actor=olga)
    assert not step(job)
    run.refresh_from_db()
    assert (job.state, run.state, run.counts, run.job_id) == ("cancelled", "mapped", {}, None)
    assert said(run) == before and not run.rows.exclude(marks=[]).exists()
    with pytest.raises(IllegalState):
        services.start_commit(run=run, version=run.version, actor=olga)
    run = services.check_run(run=run, version=run.version, actor=olga)
    assert committed(run, olga).counts["create"] == 8 == Lead.objects.count()


def test_columns_chosen_anew_end_the_check_that_is_under_way(olga: User) -> None:
    run, job = started("leads", leads(8), olga)
    step(job)
    fewer = {place: key for place, key in run.mapping.items() if key != "external_id"}
    run = services.map_run(run=run, version=run.version, actor=olga, mapping=fewer)
    later = services.start_check(run=run, version=run.version, actor=olga)
    while step(job):
        pass
    assert job.state == "cancelled" and job.done == 3
    jobs.run(str(later.pk))
    run.refresh_from_db()
    assert (run.state, run.counts["create"]) == ("checked", 8)
    assert not ImportRow.objects.filter(run=run, values__external_id="L-1").exists()


def test_while_a_file_is_checked_again_the_old_plan_is_not_written(olga: User) -> None:
    run = checked("leads", leads(8), olga)
    job = services.correct_row(run=run, number=3, version=run.version, actor=olga, cells={"company": "Other"})
    assert job is not None
    run.refresh_from_db()
    with pytest.raises(IllegalState):
        services.start_commit(run=run, version=run.version, actor=olga)
    jobs.run(str(job.pk))
    run.refresh_from_db()
    committed(run, olga)
    assert Lead.objects.get(last_name="Person 2").company == "Other" and Lead.objects.count() == 8


def test_a_row_whose_twin_stands_in_another_step_is_refused_as_in_one(
    olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = leads(7) + "L-2,Second,Other,new@other.example\nL-9,Third,Other,P1@FIRM1.example\n"
    run, job = started("leads", text, olga)
    jobs.run(str(job.pk))
    run.refresh_from_db()
    errors = refused(run)
    assert {number: [(e["field"], e["value"], e["message"]) for e in said] for number, said in errors.items()} == {
        9: [("external_id", "L-2", "Row 3 is the same one.")],
        10: [("email", "P1@FIRM1.example", "Row 2 is the same one.")],
    }
    assert (run.counts["create"], run.counts["error"]) == (7, 2)
    in_steps = said(run)
    monkeypatch.setattr(plans, "PART", 100)
    run = services.check_run(run=run, version=run.version, actor=olga)
    assert said(run) == in_steps
    assert run.rows.filter(verdict="error", changes=[], values={}).count() == 2


def test_two_rows_that_find_one_record_by_different_ids_are_one(olga: User) -> None:
    """Of two ids of one record the second row is refused, wherever it stands."""
    run = checked("leads", leads(4), olga)
    committed(run, olga)
    text = HEAD + "L-1,Changed,Firm 1,p1@firm1.example\n" + leads(4).removeprefix(HEAD)
    again = checked("leads", text, olga)
    assert {number: said[0]["field"] for number, said in refused(again).items()} == {3: "external_id"}
    assert again.counts["update"] == 1 and again.counts["same"] == 3


def test_a_parent_in_a_later_step_is_found_and_a_circle_over_steps_is_refused(olga: User) -> None:
    known = make_account(olga, name="Known")
    text = (
        "Account,Parent account\nChild,Top\nGrandchild,CHILD\nUnder known,Known\nA,B\nOther,\nB,C\nC,A\nHangs,A\n"
        "Top,\nLost,Nowhere\nKnown,Top\n"
    )
    run, job = started("accounts", text, olga)
    done = []
    while step(job):
        done.append(job.done)
    assert done == sorted(done) and done[-1] == 11 and len(set(done)) > 4
    run.refresh_from_db()
    errors = refused(run)
    assert set(errors) == {5, 7, 8, 11}
    assert {errors[row][0]["message"] for row in (5, 7, 8)} == {"This would make the account its own parent."}
    run = committed(run, olga)
    top, child = Account.objects.get(name="Top"), Account.objects.get(name="Child")
    known.refresh_from_db()
    assert (child.parent, Account.objects.get(name="Grandchild").parent, known.parent) == (top, child, top)
    assert Account.objects.get(name="Under known").parent == known
    assert checked("accounts", text, olga).counts["same"] == 6
    undone(run, olga)
    assert list(Account.objects.values_list("name", flat=True)) == ["Known"]


def test_what_is_given_once_is_given_once_over_all_steps(olga: User) -> None:
    """Codes that the importer makes up, and the last day that a file knows of."""
    make_price_book(is_default=True)
    products = "Product,List price\n" + "Gate way,10\nA,1\nB,1\nC,1\nGate  way,12\n"
    run = committed(checked("products", products, olga), olga)
    assert run.counts["create"] == 5 and Product.objects.filter(sku__startswith="GATE-WAY").count() == 2
    ensure_pipeline()
    make_account(olga, name="Acme")
    deals = "Name,Account,Stage,Engage date,Close date,Amount\n" + "".join(
        f"Deal {n},Acme,{stage},{opened},{closed},5\n"
        for n, (stage, opened, closed) in enumerate(
            [("Engaging", "", "")] + [("Engaging", "2026-01-05", "")] * 4 + [("Won", "2026-02-01", "2026-03-07")]
        )
    )
    run = checked("opportunities", deals, olga)
    assert [one["text"] for one in run.remarks if "2026-03-07" in one["text"]], run.remarks
    committed(run, olga)
    assert Opportunity.objects.get(name="Deal 0").opened_on.isoformat() == "2026-03-07"


def test_a_commit_plans_in_steps_too_and_ends_where_it_would_in_one(olga: User) -> None:
    run = checked("leads", leads(8), olga)
    Lead.objects.all().delete()
    job = services.start_commit(run=run, version=run.version, actor=olga)
    written = []
    while step(job):
        written.append(Lead.objects.count())
    assert written[:4] == [0, 0, 0, 0] and written[-1] == Lead.objects.count() == 8
    assert (job.state, job.done, job.total) == ("done", 8, 8)


def test_circles_are_found_in_one_walk_over_the_rows() -> None:
    above = {1: 2, 2: 3, 3: 1, 4: 1, 5: 5, 6: 7, 7: 8, 9: 6}
    assert sorted(settling.in_circles(above)) == [1, 2, 3, 5]
    chain = {number: number + 1 for number in range(1, 50_000)}
    assert settling.in_circles(chain) == []
    assert len(settling.in_circles({**chain, 50_000: 1})) == 50_000
