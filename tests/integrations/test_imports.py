"""The pipeline: detect, map, dry run, commit, result, undo."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import Account, Contact
from leads.models import Assignment, Lead
from revops.core import jobs
from revops.core.errors import IllegalState, InvalidInput, NotAllowed, StaleCopy
from revops.core.models import AuditEntry, JobRun, OutboxEvent
from revops.integrations import services
from revops.integrations.models import HeaderMapping, ImportRow
from revops.integrations.services import commits
from revops.users.models import User
from tests.accounts.builders import make_account, make_contact
from tests.integrations.files import checked, committed, csv_file, imported, refused, undone, uploaded

pytestmark = pytest.mark.django_db
HEAD = "Id,First name,Last name,Company,E-mail,Employees\n"


def people(count: int, bad: int = 0) -> str:
    rows = [f"L-{n},Ann,Person {n},Firm {n},ann{n}@firm{n}.example,{n}" for n in range(1, count + 1)]
    for n in range(bad):
        rows[n] = f"L-{n + 1},Bad,Person {n + 1},Firm {n + 1},not an address,about 30"
    return HEAD + "\n".join(rows) + "\n"


def whole_database() -> dict[str, Any]:
    """Rows of every table and the last value of every sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall()]
        state: dict[str, Any] = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            state[table] = cursor.fetchone()[0]
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'")
        state["sequences"] = dict(cursor.fetchall())
    return state


@pytest.mark.spec("RO-04")
def test_of_a_thousand_rows_with_three_bad_ones_997_come_in_and_three_go_back(olga: User, client: Any) -> None:
    assert not olga.is_superuser
    run = imported("leads", people(1000, bad=3), olga)
    assert (run.counts["create"], run.counts["error"], Lead.objects.count()) == (997, 3, 997)
    client.force_login(olga)
    lines = b"".join(client.get(f"/imports/{run.pk}/errors.csv").streaming_content).decode().splitlines()
    assert lines[0] == "Id,First name,Last name,Company,E-mail,Employees,error"
    assert len(lines) == 4
    assert lines[1].startswith("L-1,Bad,Person 1,Firm 1,not an address,about 30,")
    assert "email: This is no e-mail address.; employees: This is no number." in lines[1]
    again = imported("leads", people(1000, bad=3), olga)
    assert (again.counts["create"], again.counts["same"], again.counts["error"]) == (0, 997, 3)
    assert Lead.objects.count() == 997


def test_the_dry_run_writes_nothing_not_even_a_sequence(olga: User) -> None:
    make_account(olga, name="Firm 7")
    run = uploaded("leads", people(50, bad=2), olga)
    run = services.map_run(run=run, version=run.version, actor=olga, mapping=run.mapping)
    before = whole_database()
    services.check_run(run=run, version=run.version, actor=olga)
    assert whole_database() == before


def test_a_plan_cannot_write_even_if_it_tried(olga: User) -> None:
    from django.db.utils import InternalError, OperationalError

    from revops.integrations.planning import reading_only

    with pytest.raises((InternalError, OperationalError)), reading_only():
        Account.objects.update(name="x")
    make_account(olga, name="Writable again")


def test_commit_does_exactly_what_the_dry_run_said(olga: User) -> None:
    imported("leads", people(20), olga)
    changed = people(30, bad=1).replace("Firm 5,", "Firm Five,")
    run = checked("leads", changed, olga)
    said = (run.counts, list(run.rows.values_list("number", "verdict", "changes", "errors")))
    done = committed(run, olga)
    assert (done.counts, list(done.rows.values_list("number", "verdict", "changes", "errors"))) == said
    assert done.counts["create"] == 10 and done.counts["update"] == 1 and done.counts["same"] == 18


def test_the_dry_run_shows_what_each_cell_was_and_will_be(olga: User) -> None:
    imported("leads", people(3), olga)
    run = checked("leads", people(3).replace("Firm 2,", "Firm Two,"), olga)
    row = run.rows.get(verdict="update")
    assert (row.number, row.changes) == (3, [{"field": "company", "before": "Firm 2", "after": "Firm Two"}])


def test_the_set_based_writer_leaves_what_the_single_row_service_leaves(olga: User) -> None:
    from leads.services import create_lead

    names = {"first_name": "Ines", "last_name": "Carvalho", "company": "Tejo Ferries", "website": "tejo.example"}
    one = create_lead(actor=olga, **names)
    Lead.objects.filter(pk=one.pk).update(last_name="Somebody else")
    run = imported("leads", "First name,Last name,Company,Web site\nInes,Carvalho,Tejo Ferries,tejo.example\n", olga)
    twin = Lead.objects.get(pk=run.rows.get().record_id)
    for name in ("domain", "email_key", "owner_id", "queue_id", "status", "version", "company"):
        assert getattr(twin, name) == getattr(one, name), name
    assert twin.fit.score == one.fit.score
    assert Assignment.objects.filter(lead=twin, is_current=True, user=olga).count() == 1
    events = list(OutboxEvent.objects.filter(name="leads.LeadCreated").order_by("pk"))
    assert [event.payload["lead_id"] for event in events] == [one.pk, twin.pk]
    assert [event.deliveries.count() for event in events] == [events[0].deliveries.count()] * 2


def test_a_mapping_is_remembered_for_the_same_head(olga: User) -> None:
    checked("leads", "A,B,C\nx,y,z@w.example\n", olga, {"A": "last_name", "B": "company", "C": "email"}, system="fair")
    again = uploaded("leads", "A,B,C\np,q,r@s.example\n", olga)
    assert again.mapping == {"0": "last_name", "1": "company", "2": "email"}
    assert again.system == "fair" and HeaderMapping.objects.count() == 1


def test_a_killed_worker_resumes_at_the_cursor(olga: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(commits, "CHUNK", 10)
    run = checked("leads", people(35), olga)
    job = services.start_commit(run=run, version=run.version, actor=olga)
    for _step in range(4):  # the plan, what concerns the whole file, twice some rows
        jobs._step(str(job.pk))
    assert Lead.objects.count() == 20
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (Lead.objects.count(), job.state, job.done, job.total) == (35, JobRun.State.DONE, 35, 35)


def test_a_cancelled_import_takes_back_what_it_wrote(olga: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(commits, "CHUNK", 10)
    run = checked("leads", people(35), olga)
    job = services.start_commit(run=run, version=run.version, actor=olga)
    for _step in range(4):  # the plan, what concerns the whole file, twice some rows
        jobs._step(str(job.pk))
    jobs.request_cancel(job=job, actor=olga)
    jobs.run(str(job.pk))
    run.refresh_from_db()
    assert (Lead.objects.count(), run.state) == (0, "cancelled")


def test_undo_deletes_restores_and_keeps_what_changed_since(olga: User) -> None:
    old = make_account(olga, name="Lindauer Lifts", phone="+49 30 555 0142")
    text = "Account,Phone\nLindauer Lifts,+49 30 555 0177\nNorthgate,1\nTejo Ferries,2\n"
    run = imported("accounts", text, olga)
    assert (run.counts["create"], run.counts["update"]) == (2, 1)
    tejo = Account.objects.get(name="Tejo Ferries")
    make_contact(tejo, actor=olga, last_name="Carvalho")
    run = undone(run, olga)
    old.refresh_from_db()
    assert old.phone == "+49 30 555 0142"
    assert set(Account.objects.values_list("name", flat=True)) == {"Lindauer Lifts", "Tejo Ferries"}
    assert list(run.rows.filter(outcome="kept").values_list("label", "kept")) == [("Tejo Ferries", "In use: contact.")]
    assert run.counts["undone"] == 2 and run.counts["kept"] == 1
    assert AuditEntry.objects.filter(action="account.import_undone").count() == 2


def test_parents_may_stand_after_their_children_and_close_no_circle(olga: User) -> None:
    text = "Account,Parent account\nChild,Top\nTop,\nA,B\nB,A\nLost,Nowhere\n"
    run = imported("accounts", text, olga)
    assert Account.objects.get(name="Child").parent == Account.objects.get(name="Top")
    errors = refused(run)
    assert set(errors) == {4, 5, 6}
    assert errors[4][0]["message"] == "This would make the account its own parent."
    assert errors[6][0]["field"] == "parent"
    undone(run, olga)
    assert not Account.objects.exists()


def test_contacts_find_their_account_and_their_twin(olga: User) -> None:
    account = make_account(olga, name="Acme GmbH")
    text = "First name,Last name,Account,E-mail\nAnn,Lee,ACME,ann@acme.example\nBo,Ek,Nobody Ltd,bo@x.example\n"
    run = imported("contacts", text, olga)
    assert Contact.objects.get().account == account
    assert refused(run)[3][0]["field"] == "account"
    assert imported("contacts", text, olga).counts["same"] == 1


def test_a_row_that_is_somebodys_contact_is_left_out_unless_asked_for(olga: User) -> None:
    account = make_account(olga, name="Acme")
    make_contact(account, actor=olga, last_name="Lee", email="ann@acme.example")
    text = "Last name,Company,E-mail\nLee,Acme,ANN@acme.example\n"
    run = checked("leads", text, olga)
    assert (run.counts["skip"], run.rows.get().notes[0]) == (1, "Looks like Lee of Acme: same e-mail.")
    run = services.map_run(run=run, version=run.version, actor=olga, mapping=run.mapping, allow_duplicates=True)
    assert services.check_run(run=run, version=run.version, actor=olga).counts["create"] == 1


def test_an_sdr_imports_leads_and_nothing_else(sam: User, alice: User) -> None:
    run = imported("leads", people(3), sam)
    assert Lead.objects.filter(owner=sam).count() == 3
    with pytest.raises(NotAllowed):
        uploaded("accounts", "Account\nAcme\n", sam)
    with pytest.raises(NotAllowed):
        uploaded("leads", people(1), alice)
    assert ImportRow.objects.count() == run.rows.count()


def test_a_file_does_not_reach_beyond_ones_sight(sam: User, charlie: User, olga: User) -> None:
    imported("leads", "Id,Last name,Company,Owner\nX-1,Voss,Acme,charlie\n", olga)
    run = checked("leads", "Id,Last name,Company\nX-1,Changed,Acme\n", sam)
    assert "not yours to change" in refused(run)[2][0]["message"]


def test_nothing_is_imported_unseen_twice_or_from_a_stale_page(olga: User) -> None:
    run = uploaded("leads", people(2), olga)
    with pytest.raises(IllegalState):
        services.start_commit(run=run, version=run.version, actor=olga)
    run = checked("leads", people(2), olga)
    with pytest.raises(StaleCopy):
        services.start_commit(run=run, version=run.version - 1, actor=olga)
    run = committed(run, olga)
    with pytest.raises(IllegalState):
        services.start_commit(run=run, version=run.version, actor=olga)
    with pytest.raises(IllegalState):
        services.check_run(run=run, version=run.version, actor=olga)
    undone(run, olga)
    run.refresh_from_db()
    with pytest.raises(IllegalState):
        services.start_undo(run=run, version=run.version, actor=olga)
    assert Lead.objects.count() == 0


def test_two_columns_cannot_fill_one_field(olga: User) -> None:
    run = uploaded("leads", "A,B\nx,y\n", olga)
    with pytest.raises(InvalidInput, match="Two columns"):
        services.map_run(run=run, version=run.version, actor=olga, mapping={"0": "company", "1": "company"})
    with pytest.raises(InvalidInput, match="no field"):
        services.map_run(run=run, version=run.version, actor=olga, mapping={"0": "nonsense"})
    with pytest.raises(InvalidInput, match="no column"):
        services.map_run(run=run, version=run.version, actor=olga, mapping={"9": "company"})


def test_an_outsider_sees_no_import_of_mine(sam: User, charlie: User, olga: User, client: Any) -> None:
    run = checked("leads", people(1), olga)
    for person, status in ((sam, 404), (olga, 200)):
        client.force_login(person)
        assert client.get(f"/imports/{run.pk}/").status_code == status
    client.force_login(charlie)
    assert client.get(f"/imports/{run.pk}/").status_code == 403


def test_the_pages_lead_from_file_to_result(olga: User, client: Any) -> None:
    client.force_login(olga)
    assert client.get("/imports/").status_code == 200
    assert client.get("/imports/new/?kind=accounts").status_code == 200
    wrong = client.post("/imports/new/", {"kind": "leads", "file": csv_file(b"")})
    assert wrong.status_code == 422
    answer = client.post("/imports/new/", {"kind": "leads", "file": csv_file(people(3, bad=1))})
    page = client.get(answer.headers["Location"])
    assert "Which column fills which field?" in page.content.decode()
    run = page.context["run"]
    data = {f"column-{place}": key for place, key in run.mapping.items()}
    data |= {"encoding": "utf-8", "delimiter": ",", "version": run.version}
    answer = client.post(f"/imports/{run.pk}/columns/", data)
    page = client.get(answer.headers["Location"])
    text = page.content.decode()
    assert "This is no e-mail address." in text and "Import 2 rows" in text and "Nothing is written yet." in text
    assert not Lead.objects.exists()
    run.refresh_from_db()
    client.post(f"/imports/{run.pk}/commit/", {"version": run.version, "go_on": "1"})
    run.refresh_from_db()
    jobs.run(str(run.job_id))
    text = client.get(f"/imports/{run.pk}/").content.decode()
    assert "Undo this import" in text
    run.refresh_from_db()
    client.post(f"/imports/{run.pk}/undo/", {"version": run.version})
    run.refresh_from_db()
    jobs.run(str(run.job_id))
    assert "2 rows taken back, 0 kept." in client.get(f"/imports/{run.pk}/").content.decode()
    assert not Lead.objects.exists()


def test_a_list_of_imports_costs_the_same_with_more_of_them(olga: User, client: Any) -> None:
    from django.test.utils import CaptureQueriesContext

    client.force_login(olga)
    counts = []
    for _round in range(2):
        for number in range(3):
            checked("leads", people(2 + number), olga)
        client.get("/imports/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/imports/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_large_file_is_checked_by_a_worker(olga: User, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(services, "CHECKED_AT_ONCE", 2)
    client.force_login(olga)
    run = uploaded("leads", people(3), olga)
    data = {f"column-{place}": key for place, key in run.mapping.items()}
    data |= {"encoding": "utf-8", "delimiter": ",", "version": str(run.version)}
    answer = client.post(f"/imports/{run.pk}/columns/", data)
    run.refresh_from_db()
    assert answer.headers["Location"] == f"/jobs/{run.job_id}/" and run.state == "mapped"
    job = jobs.run(str(run.job_id))
    run.refresh_from_db()
    assert (run.state, run.counts["create"], job.result["url"]) == ("checked", 3, f"/imports/{run.pk}/")
    assert not Lead.objects.exists()
