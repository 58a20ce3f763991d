"""What happens when a part breaks: nothing lost, nothing twice, the page says so, and it goes on by itself.

Real servers, real signals. Each test leaves the plant whole for the next one.
"""

import itertools
import resource
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from django.db import connection

from leads.models import Lead
from revops.core.models import AuditEntry, Delivery, JobRun, OutboxEvent, TaskRun
from revops.integrations.models import ImportRun
from revops.users.models import User
from tests.builders import PASSWORD
from tests.cast import make_cast
from tests.e2e.plant import Plant
from tests.e2e.trade import Answer, Caller
from tests.e2e.visitor import Visitor, heading, multipart

pytestmark = pytest.mark.timeout(400)
T = TypeVar("T")
ROWS = 1500  # many chunks
serial = itertools.count(1)


@pytest.fixture(scope="module")
def whole(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plant]:
    # Not in pytest's folder, which other runs shut against the server's account.
    running = Plant(Path(tempfile.mkdtemp(prefix="revops-plant-")))
    try:
        running.start()
        with django_db_blocker.unblock(), running.database():
            make_cast()
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.home, ignore_errors=True)


@pytest.fixture
def plant(whole: Plant, transactional_db: None) -> Iterator[Plant]:
    with whole.database():
        yield whole


@pytest.fixture
def caller(plant: Plant) -> Caller:
    return Caller(plant.url, User.objects.get(username="olga"))


@pytest.fixture
def visitor(plant: Plant) -> Visitor:
    person = Visitor()
    assert person.sign_in(plant.url, "olga", PASSWORD).status == 302
    return person


# A file of leads --------------------------------------------------------------------------


def csv_of(mark: str, count: int, padding: int = 0) -> bytes:
    pad = "x" * padding
    lines = [f"{mark}-{n},Person{n},{mark} {n},p{n}@{mark}.example,{pad}" for n in range(count)]
    return "\n".join(["Id,Last name,Company,E-mail,Note", *lines]).encode()


def upload(caller: Caller, mark: str, content: bytes) -> Answer:
    body, kind = multipart({"kind": "leads", "system": mark}, ("file", f"{mark}.csv", content))
    headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": kind}
    request = urllib.request.Request(f"{caller.root}/api/v1/imports", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.headers, refusal.read())


def answered(ask: Callable[[], T]) -> T:
    """Refused before its last byte was sent, a caller may lose the answer with it: asked again."""
    lost: Exception = AssertionError("never asked")
    for _try in range(6):
        try:
            return ask()
        except (urllib.error.URLError, ConnectionError) as broken:
            lost = broken
    raise lost


def checked(caller: Caller, count: int) -> tuple[str, str]:
    """(address of the import, mark of its leads), read and checked."""
    mark = f"fault{next(serial)}"
    made = upload(caller, mark, csv_of(mark, count))
    assert made.status == 201, made.raw[:600]
    path = f"/imports/{made.body['id']}"
    mapping = {place: key for place, key in made.body["mapping"].items() if place != "4"}
    caller.patch(path, {"mapping": mapping}, tag=caller.call("GET", path).tag)
    assert caller.post(f"{path}/check").body["counts"]["create"] == count
    return path, mark


def committed(caller: Caller, path: str) -> JobRun:
    return JobRun.objects.get(pk=caller.post(f"{path}/commit", expect=202).body["id"])


def in_once(mark: str, count: int) -> bool:
    """Every row became one lead, and the end was reached once."""
    run = ImportRun.objects.get(system=mark)
    if run.state != ImportRun.State.DONE:
        return False
    assert Lead.objects.filter(external_system=mark).count() == count
    assert AuditEntry.objects.filter(action="import.done", object_id=str(run.pk)).count() == 1
    assert JobRun.objects.get(pk=run.job_id).done == count
    return True


def newest_event() -> int:
    return OutboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def delivered_since(event: int) -> bool:
    """Something happened since then, and whoever had to hear of it did."""
    new = OutboxEvent.objects.filter(pk__gt=event)
    return new.exists() and not Delivery.objects.filter(event__in=new).exclude(state=Delivery.State.DONE).exists()


# Worker -----------------------------------------------------------------------------------


@contextmanager
def held_at(lead: str) -> Iterator[None]:
    """Whoever writes this lead waits in the database until the end: a small file is written in the blink of an eye."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(77)")
        cursor.execute(f"""
            CREATE OR REPLACE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NEW; END';
            CREATE TRIGGER wait_here BEFORE INSERT ON leads_lead FOR EACH ROW
                WHEN (NEW.external_id = '{lead}') EXECUTE FUNCTION wait_here()""")
    try:
        yield
    finally:
        connection.close()  # lets go of the lock
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER wait_here ON leads_lead; DROP FUNCTION wait_here")


def test_a_worker_killed_in_the_middle_of_an_import_loses_and_doubles_nothing(plant: Plant, caller: Caller) -> None:
    path, mark = checked(caller, ROWS)
    with held_at(f"{mark}-{ROWS - 100}"):
        job = committed(caller, path)
        plant.until(lambda: 0 < JobRun.objects.get(pk=job.pk).done < ROWS, "the import was never half done")
        plant.product.kill_worker()
        half = JobRun.objects.get(pk=job.pk)
        assert half.state == JobRun.State.RUNNING and 0 < half.done < ROWS
        assert Lead.objects.filter(external_system=mark).count() == half.done
    plant.product.start_worker()
    plant.until(lambda: in_once(mark, ROWS), "the next worker did not finish it")


# Valkey -----------------------------------------------------------------------------------


def test_a_valkey_that_is_emptied_while_tasks_wait_loses_no_work(plant: Plant, caller: Caller) -> None:
    event, files = newest_event(), [checked(caller, 40) for _ in range(3)]
    plant.product.pause_worker()
    jobs = [committed(caller, path) for path, _ in files]
    leads = [caller.post("/leads", {"last_name": f"Empty{n}", "company": f"Emptied {n}"}).body["id"] for n in range(5)]
    assert plant.waiting() > 0
    plant.empty_valkey()
    assert plant.waiting() == 0
    plant.product.resume_worker()
    for (_, mark), job in zip(files, jobs, strict=True):
        plant.until(lambda mark=mark: in_once(mark, 40), f"{job} was forgotten")
    plant.until(lambda: delivered_since(event), "events were forgotten")
    assert Lead.objects.filter(pk__in=leads).count() == 5
    # Nobody was started anew, and what is sent from now on arrives at once.
    path, mark = checked(caller, 10)
    committed(caller, path)
    plant.until(lambda: in_once(mark, 10), "the queue does not work any more")


def test_while_valkey_is_away_pages_answer_and_what_waits_is_done_when_it_is_back(
    plant: Plant, caller: Caller, visitor: Visitor
) -> None:
    event, before, waiting = newest_event(), checked(caller, 40), checked(caller, 40)
    plant.product.pause_worker()
    committed(caller, before[0])
    plant.kill_valkey()
    plant.product.resume_worker()
    # Pages, the API, signing in, and starting work: slower perhaps, never refused.
    for path in ("/leads/", "/", "/settings/jobs/", "/imports/"):
        assert visitor.get(plant.url + path).status in (200, 302), path
    assert Visitor().sign_in(plant.url, "olga", PASSWORD).status == 302
    lead = caller.post("/leads", {"last_name": "Away", "company": "Away and back"}, expect=201)
    job = committed(caller, waiting[0])
    assert "Waits for a worker" in visitor.get(f"{plant.url}/jobs/{job.pk}/").text
    ready = Visitor().get(f"{plant.url}/readyz")
    assert ready.status == 503 and ready.body == {"ready": False, "missing": ["valkey", "broker"]}
    assert Visitor().get(f"{plant.url}/healthz").status == 200
    refused = visitor.post(f"{plant.url}/settings/jobs/run/", {"task": "core.relay"})
    assert refused.status in (302, 409)
    assert "nothing was started" in visitor.get(f"{plant.url}/settings/jobs/").text + refused.text
    plant.valkey.start()
    for _, mark in (before, waiting):
        plant.until(lambda mark=mark: in_once(mark, 40), "what waited was not done")
    plant.until(lambda: delivered_since(event), "events were lost")
    assert Lead.objects.filter(pk=lead.body["id"]).count() == 1
    assert Visitor().get(f"{plant.url}/readyz").body == {"ready": True, "missing": []}


# PostgreSQL -------------------------------------------------------------------------------


class Load:
    """People who read and write all the time, and who try again with the same key when told to."""

    def __init__(self, caller: Caller, visitor: Visitor) -> None:
        self.caller, self.visitor = caller, visitor
        self.seen: Counter[tuple[str, int]] = Counter()
        self.apologies: list[str] = []
        self.problems: list[Any] = []
        self.done: list[str] = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=act) for act in (self._read, self._write, self._write)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(40)

    def _read(self) -> None:
        while not self.over.is_set():
            page = self.visitor.get(f"{self.caller.root}/leads/")
            self.seen["page", page.status] += 1
            if page.status == 503:
                self.apologies.append(page.text)
                assert page.headers["Retry-After"] == "5"
            time.sleep(0.02)

    def _write(self) -> None:
        while not self.over.is_set():
            name = f"load-{uuid.uuid4().hex}"
            # Whoever begins to save keeps trying until the answer is clear.
            for _ in range(400):
                body = {"last_name": "Load", "company": name, "email": f"p@{name}.example"}
                answer = self.caller.call("POST", "/leads", body, Idempotency_Key=name)
                self.seen["write", answer.status] += 1
                if answer.status != 201:
                    self.problems.append(answer.body)
                if answer.status == 201:
                    self.done.append(name)
                    break
                time.sleep(0.1)
            time.sleep(0.02)


def test_a_database_that_crashes_under_load_costs_a_moment_and_nothing_else(
    plant: Plant, caller: Caller, visitor: Visitor
) -> None:
    event, (path, mark) = newest_event(), checked(caller, ROWS)
    with Load(caller, visitor) as load:
        with held_at(f"{mark}-{ROWS - 100}"):
            job = committed(caller, path)
            plant.until(lambda: 0 < JobRun.objects.get(pk=job.pk).done < ROWS, "the import was never half done")
            plant.crash_postgres()
            away = time.monotonic()
            alive = Visitor()
            assert alive.get(f"{plant.url}/healthz").status == 200
            assert alive.get(f"{plant.url}/readyz").body["missing"][0] == "database"
            time.sleep(1.5)
            plant.postgres.start()
            gone = time.monotonic() - away
        plant.until(lambda: visitor.get(f"{plant.url}/leads/").status == 200, "pages did not come back")
        plant.until(lambda: in_once(mark, ROWS), "the import did not go on")
    # Only yes, and "not now" in words: no broken page, no half answer.
    assert set(load.seen) <= {("page", 200), ("page", 503), ("write", 201), ("write", 503)}, (
        load.seen, load.problems[-1],
    )  # fmt: skip
    assert load.seen["page", 503] and load.seen["write", 503] and gone >= 1.5, load.seen
    assert {heading(page) for page in load.apologies} == {"Back in a moment"}
    assert {(one["code"], one["status"]) for one in load.problems} == {("unavailable", 503)}
    # What was promised is there once, tried again or not.
    kept = Counter(Lead.objects.filter(company__startswith="load-").values_list("company", flat=True))
    assert kept == Counter(load.done) and len(load.done) > 5
    plant.until(lambda: delivered_since(event), "events were lost")
    beaten = TaskRun.objects.get(task="core.relay").sent_at
    plant.until(lambda: TaskRun.objects.get(task="core.relay").sent_at > beaten, "the clock stood still")


# Disk -------------------------------------------------------------------------------------


@pytest.fixture
def narrow(plant: Plant) -> Iterator[int]:
    """No file of the web server may grow beyond this: the kernel refuses the rest, as a full disk does."""
    room = 1_500_000
    everybody = web_processes(plant)
    for process in everybody:
        process.rlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    yield room
    for process in everybody:
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def web_processes(plant: Plant) -> list[psutil.Process]:
    first = psutil.Process(plant.product.processes["web"].pid)
    return [first, *first.children(recursive=True)]


def files(plant: Plant) -> set[str]:
    return {str(path.relative_to(plant.media)) for path in plant.media.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [2_000_000, 4_000_000], ids=["held in memory", "spooled to the disk"])
def test_a_full_disk_refuses_the_file_in_words_and_keeps_nothing_of_it(
    plant: Plant, caller: Caller, visitor: Visitor, narrow: int, size: int
) -> None:
    mark = f"fault{next(serial)}"
    content = csv_of(mark, 50, padding=size // 50)
    assert len(content) > size > narrow
    before, runs = files(plant), ImportRun.objects.count()
    form = f"{plant.url}/imports/new/"
    sent = {"kind": "leads", "system": mark}
    page = answered(lambda: visitor.post(form, sent, ("file", f"{mark}.csv", content)))
    # Said on the page that it came from, or, where the file never arrived, on a page of its own.
    told = page.text if page.status == 507 else visitor.get(page.headers["Location"]).text
    assert page.status == 507 or (page.status == 302 and page.headers["Location"].endswith("/imports/new/"))
    assert "has no room for this file" in told
    answer = answered(lambda: upload(caller, mark, content))
    assert answer.status == 507 and answer.body["status"] == 507
    assert files(plant) == before and ImportRun.objects.count() == runs
    # Small things go on meanwhile.
    assert visitor.get(f"{plant.url}/imports/").status == 200
    for process in web_processes(plant):
        process.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = upload(caller, mark, content)
    assert again.status == 201, again.raw[:400]
    assert len(files(plant) - before) == 1
    (new,) = files(plant) - before
    assert (plant.media / new).read_bytes() == content
