"""All measurements over one database; the last line of its output is their JSON."""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks import jobs, requests  # noqa: E402
from benchmarks.__main__ import IMPORTED, Result, as_result, server  # noqa: E402
from benchmarks.clocks import measure  # noqa: E402
from leads.models import Lead  # noqa: E402
from revops.core import search  # noqa: E402
from revops.core.registries import searchers  # noqa: E402
from revops.users.models import User  # noqa: E402

LARGE = 200_000  # beyond, the jobs of a night are left out: they grow with the rows


def main() -> None:
    """Requests first, then jobs, the import last: it leaves dead rows behind."""
    viewer = User.objects.get(username="dana")
    for one in searchers:
        if one.model:
            search.learn(one.key, one.model)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    figures = {"requests": _requests(viewer), "jobs": _jobs(viewer)}
    print(json.dumps(figures))


def _requests(viewer: User) -> Result:
    pages, pairs = requests.pages(viewer), requests.api(viewer)
    found: Result = {}
    with server("benchmarks.product:application") as port, server("benchmarks.bare:application") as bare:
        for name, ask in pages.items():
            found[name] = {"product": as_result(measure(port, ask))}
        for name, (ask, twin) in pairs.items():
            found[name] = {"product": as_result(measure(port, ask)), "bare": as_result(measure(bare, twin))}
    return found


def _jobs(viewer: User) -> Result:
    found: Result = {}
    large = Lead.objects.count() > LARGE
    for name, (work, plain) in {**jobs.summaries(viewer), **jobs.by_model(), **({} if large else jobs.runs())}.items():
        (seconds, statements), (beside, _one) = jobs.timed(work), jobs.timed(plain)
        found[name] = {"seconds": seconds, "statements": statements, "plain": beside}
    if large:
        return found
    rows = jobs.lead_rows(min(IMPORTED, Lead.objects.count()))
    copied, took = jobs.copy_leads(rows, viewer), jobs.import_leads(rows, viewer)
    for name, seconds in took.items():
        found[f"import of {len(rows):,}, {name}"] = {"seconds": seconds, "statements": "", "plain": 0}
    whole = round(sum(took.values()), 2)
    found[f"import of {len(rows):,}, whole"] = {"seconds": whole, "statements": "", "plain": copied}
    jobs.forget_import(viewer)
    return found


if __name__ == "__main__":
    main()
