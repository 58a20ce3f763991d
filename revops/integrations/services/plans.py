"""The plan of a file, some rows at a time: the dry run, and the first steps of the commit."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from revops.integrations import planning, settling, staging
from revops.integrations.models import ImportRun
from revops.integrations.registries import Context
from revops.integrations.selectors import importer_of

PART = 5000
SURVEY, PLAN = "survey", "plan"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Thousands of drafts come and go at once and none of them is a circle: to look for one among them, and among
    all that the process holds besides, takes a fifth of the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@transaction.atomic
def plan_step(*, run: ImportRun, cursor: Mapping[str, Any], actor: Any) -> dict[str, Any]:
    """Plan some rows more, and keep the plan beside them. Returns where to go on: `over`, once every row has its
    verdict, and `rows`, how many of the file are read.
    """
    importer = importer_of(run)
    surveyed = importer.surveyed(run)
    now = dict(cursor) or {"pass": SURVEY if surveyed else PLAN, "after": 0, "read": 0, "remarks": {}, "facts": {}}
    context = Context(actor, run, remarks=dict(now["remarks"]), after=now["after"], facts=dict(now["facts"]))
    with _uncollected():
        if now["pass"] == SURVEY:
            drafts = planning.survey(importer, context, PART)
            staging.save_survey(drafts)
            now["facts"] = context.facts
        else:
            drafts = planning.plan(importer, context, PART)
            staging.save_plan(drafts)
            now["remarks"] = context.remarks
    if drafts:
        now |= {"after": drafts[-1].number, "read": now["read"] + len(drafts)}
    elif now["pass"] == SURVEY:
        now |= {"pass": PLAN, "after": 0}
    else:
        settling.settle(run, importer)
        run.remarks = [{"text": text, "rows": rows} for text, rows in now["remarks"].items()]
        now["over"] = True
    return now | {"rows": now["read"] // (2 if surveyed else 1)}


@transaction.atomic
def make_plan(*, run: ImportRun, actor: Any) -> None:
    """The whole plan at once, of a file that is read in no time."""
    cursor: dict[str, Any] = {}
    while not cursor.get("over"):
        cursor = plan_step(run=run, cursor=cursor, actor=actor)
