"""Two web servers, two workers and two clocks on one PostgreSQL and one Valkey: no process keeps anything."""

import os
import re
import shlex
import signal
import socket
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from ruamel.yaml import YAML

from leads.models import Lead
from revops.celery import app
from revops.core.models import JobRun, TaskRun
from revops.core.tasks import relay
from revops.embedded import ROOT
from tests.builders import PASSWORD
from tests.cast import Cast, make_cast
from tests.e2e.conftest import eventually
from tests.e2e.product import Product
from tests.e2e.test_worker_killed import others_at_work
from tests.e2e.visitor import Visitor
from tests.integrations.files import checked

ROWS = 300


@pytest.fixture
def people(quiet: None) -> Cast:
    return make_cast()


def command_of(service: str) -> list[str]:
    """As docker-compose.yml starts it."""
    compose = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    return list(compose["services"][service]["command"])


@pytest.fixture(scope="module")
def beside(product: Product) -> Iterator[str]:
    """Another web server and another worker beside those of the product; yields the server's address."""
    (product.logs / "worker2.log").unlink(missing_ok=True)
    url = product.add_web("web2")
    product.add("worker2", *command_of("worker"), "-c", "1", "-n", "second@%h")
    eventually(
        lambda: "second@" in product.log("worker2") and "ready" in product.log("worker2"), what="no second worker"
    )
    yield url
    product.end("worker2")
    product.end("web2")


@pytest.fixture
def second(beside: str, people: Cast) -> str:
    return beside


def rows_of(count: int) -> str:
    lines = [f"S-{n},Person{n},Company {n},person{n}@side.example" for n in range(count)]
    return "\n".join(["Id,Last name,Company,E-mail", *lines])


def test_what_begins_at_one_server_goes_on_at_the_other(second: str, product: Product, people: Cast) -> None:
    first, visitor = product.url, Visitor()
    assert visitor.sign_in(first, "olga", PASSWORD).status == 302
    # Signed in there as well, and what was said at the first is read at the second.
    assert visitor.get(f"{second}/leads/").status == 200
    assert visitor.post(f"{first}/settings/jobs/run/", {"task": "core.relay"}).status == 302
    assert "waits for the next free worker" in visitor.get(f"{second}/settings/jobs/").text
    # A file that the first took in is started at the second and watched at both.
    run = checked("leads", rows_of(ROWS), people.olga, system="side")
    begun = visitor.post(f"{second}/imports/{run.pk}/commit/", {"version": str(run.version)})
    assert begun.status == 302
    job = JobRun.objects.latest("created_at")
    eventually(lambda: "Finished" in visitor.get(f"{first}/jobs/{job.pk}/").text, what="the import did not end")
    assert "Finished" in visitor.get(f"{second}/jobs/{job.pk}/").text
    assert Lead.objects.count() == ROWS
    # And out: the door is shut at both.
    assert visitor.post(f"{second}/logout/").status == 302
    assert visitor.get(f"{first}/leads/").status == visitor.get(f"{second}/leads/").status == 302


def test_every_process_gives_the_same_figures_of_what_is_shared(second: str, product: Product) -> None:
    def shared(root: str) -> list[str]:
        text = Visitor().get(f"{root}/metrics").text
        return sorted(line for line in text.splitlines() if line.startswith(("revops_job_runs", "revops_up")))

    assert shared(product.url) == shared(second)
    assert 'revops_up{part="database"} 1.0' in shared(second)


def test_both_workers_take_from_the_queue_and_one_goes_on_without_the_other(second: str, product: Product) -> None:
    def done_by(name: str) -> int:
        return len(re.findall(r"core\.relay\[[^]]+\] succeeded", product.log(name)))

    before = done_by("worker"), done_by("worker2")
    with app.pool.acquire() as connection:
        for _ in range(60):
            relay.apply_async(connection=connection)
    eventually(lambda: done_by("worker") + done_by("worker2") >= sum(before) + 60, what="tasks were left")
    assert done_by("worker") > before[0] and done_by("worker2") > before[1]
    product.end("worker2", signal.SIGKILL)
    product.end("web2", signal.SIGKILL)
    sent = [relay.apply_async().id for _ in range(5)]
    eventually(lambda: all(f"core.relay[{one}] succeeded" in product.log("worker") for one in sent), what="it stopped")
    assert Visitor().get(f"{product.url}/readyz").status == 200


# Clocks -----------------------------------------------------------------------------------


def rung(product: Product, name: str) -> int:
    return product.log(name).count("rang core.relay")


@pytest.fixture(scope="module")
def clocks(product: Product) -> Iterator[Product]:
    """The clock inside the product's worker, and a second one as docker-compose.yml starts it."""
    (product.logs / "beat2.log").unlink(missing_ok=True)
    product.add("beat2", *command_of("beat"))
    eventually(lambda: rung(product, "beat2") or "beat: Starting" in product.log("beat2"), what="no second clock")
    yield product
    product.end("beat2")


@pytest.fixture
def beats(clocks: Product, people: Cast) -> Product:
    return clocks


def test_the_health_checks_of_worker_and_clock_find_them(beats: Product) -> None:
    """The commands of docker-compose.yml, as the containers run them."""
    compose = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    beat, worker = (compose["services"][name]["healthcheck"]["test"][1] for name in ("beat", "worker"))
    assert asked(beats, beat) == 0
    assert asked(beats, worker) == 0
    nowhere = worker.replace("$$HOSTNAME", "nowhere").replace("--timeout 10", "--timeout 2")
    assert asked(beats, nowhere) != 0


def asked(product: Product, command: str) -> int:
    program, *arguments = shlex.split(command.replace("$$HOSTNAME", socket.gethostname()).replace(" >/dev/null", ""))
    product.add("probe", program, *arguments)
    try:
        return product.processes["probe"].wait(60)
    finally:
        product.processes.pop("probe")


def waiting() -> int:
    return int(Redis.from_url(os.environ["CELERY_BROKER_URL"]).llen("default"))


def ran() -> int:
    row = TaskRun.objects.filter(task="core.relay").first()
    return row.succeeded if row else 0


def test_two_clocks_ring_once_and_either_goes_on_alone(beats: Product) -> None:
    # Whoever made the cast woke the worker as well.
    eventually(lambda: not waiting() and not others_at_work(), what="the worker was never through")
    seen, started = (rung(beats, "worker"), rung(beats, "beat2"), ran()), time.monotonic()
    time.sleep(11)
    elapsed = time.monotonic() - started
    together = rung(beats, "worker") + rung(beats, "beat2") - seen[0] - seen[1]
    # Every five seconds or, on a busy machine, a little more, by whichever; two by themselves would be twice as many.
    assert 1 <= together <= int(elapsed // 5) + 1
    eventually(lambda: ran() - seen[2] >= together, what="a worker did not follow")
    assert ran() - seen[2] <= together + 1
    beats.end("beat2", signal.SIGKILL)
    before = rung(beats, "worker")
    eventually(lambda: rung(beats, "worker") > before, what="no clock went on")
