"""Files for the import tests, and the pipeline in one call."""

from typing import Any

from django.core.files.base import ContentFile

from revops.core import jobs
from revops.integrations import services
from revops.integrations.models import ImportRun


def csv_file(text: str | bytes, name: str = "test.csv") -> ContentFile:
    return ContentFile(text if isinstance(text, bytes) else text.encode(), name=name)


def uploaded(kind: str, text: str | bytes, actor: Any, **kwargs: Any) -> ImportRun:
    return services.create_run(actor=actor, kind=kind, upload=csv_file(text), **kwargs)


def checked(
    kind: str, text: str | bytes, actor: Any, mapping: dict[str, str] | None = None, **kwargs: Any
) -> ImportRun:
    """Upload, map (as suggested, or heads to fields) and check."""
    run = uploaded(kind, text, actor)
    places = {column["name"]: str(place) for place, column in enumerate(run.columns)}
    chosen = {places[head]: key for head, key in mapping.items()} if mapping else run.mapping
    run = services.map_run(run=run, version=run.version, actor=actor, mapping=chosen, **kwargs)
    return services.check_run(run=run, version=run.version, actor=actor)


def committed(run: ImportRun, actor: Any) -> ImportRun:
    job = services.start_commit(run=run, version=run.version, actor=actor)
    jobs.run(str(job.pk))
    run.refresh_from_db()
    return run


def imported(
    kind: str, text: str | bytes, actor: Any, mapping: dict[str, str] | None = None, **kwargs: Any
) -> ImportRun:
    return committed(checked(kind, text, actor, mapping, **kwargs), actor)


def undone(run: ImportRun, actor: Any) -> ImportRun:
    job = services.start_undo(run=run, version=run.version, actor=actor)
    jobs.run(str(job.pk))
    run.refresh_from_db()
    return run


def refused(run: ImportRun) -> dict[int, list[dict[str, str]]]:
    """The refused rows' errors by row number."""
    return dict(run.rows.filter(verdict="error").values_list("number", "errors"))
