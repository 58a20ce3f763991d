"""A sequence as its builder sends it: facts, steps and the texts that were written in place, all or nothing."""

from collections.abc import Mapping
from collections.abc import Sequence as Rows
from dataclasses import replace
from typing import Any

from django.db import transaction

from leads.models import MessageTemplate, Sequence
from leads.services.sequences import create_sequence, set_steps, update_sequence
from leads.services.templates import create_template
from revops.core.errors import InvalidInput
from revops.core.status import lock


@transaction.atomic
def build_sequence(
    *,
    sequence: Sequence | None,
    version: int | None,
    actor: Any,
    facts: Mapping[str, Any],
    steps: Rows[Mapping[str, Any]] | None,
) -> Sequence:
    """Save a new sequence or change one. A step's `template` is a record, or {name, subject, body} of one to make.

    What is wrong with the n-th step is raised under `steps.<n>.<field>`. Without `steps`, and where they are as they
    were, they are left alone: a sequence in use can be renamed.
    """
    if sequence is None:
        made = create_sequence(actor=actor, **facts)
        return set_steps(sequence=made, steps=_with_texts(steps or (), actor), version=None, actor=actor)
    before = lock(sequence, version)
    changed = update_sequence(sequence=before, version=None, actor=actor, **facts)
    if steps is None or _stored(changed) == [_asked(step) for step in steps]:
        return changed
    return set_steps(sequence=changed, steps=_with_texts(steps, actor), version=None, actor=actor)


def _with_texts(steps: Rows[Mapping[str, Any]], actor: Any) -> list[dict[str, Any]]:
    """The steps with the templates that were written in place made."""
    rows = []
    for number, step in enumerate(steps):
        template = step.get("template")
        if isinstance(template, Mapping):
            try:
                template = create_template(actor=actor, **template)
            except InvalidInput as error:
                raise InvalidInput(
                    error.code,
                    error.message,
                    errors=[replace(one, pointer=f"steps.{number}.{one.pointer}") for one in error.errors],
                ) from error
        rows.append({**step, "template": template})
    return rows


def _stored(sequence: Sequence) -> list[tuple[Any, ...]]:
    return list(sequence.steps.order_by("position").values_list("kind", "day_offset", "template", "subject"))


def _asked(step: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same of a step to be; one that is written in place equals none that is stored."""
    template = step.get("template")
    known = template.pk if isinstance(template, MessageTemplate) else template
    return (step["kind"], step["day_offset"], known, step.get("subject", ""))
