"""Requests to change a system: sponsored, approved, done, and measured 90 days later."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput, MissingFields
from revops.core.scope import require
from revops.core.status import advance, edit, lock
from revops.integrations.models import SystemChangeRequest

MEASURED_AFTER = timedelta(days=90)
EDITABLE = ("title", "details", "sponsor", "expected_benefit")
LENGTHS = {"title": 200, "details": 10_000, "expected_benefit": 400, "measured_benefit": 400}
Status = SystemChangeRequest.Status


@transaction.atomic
def propose_change(*, actor: Any, title: str, **fields: Any) -> SystemChangeRequest:
    """Ask for a change; anybody with a role may."""
    require(actor, "integrations.add_systemchangerequest")
    values = _tidy({"title": title, **fields})
    if not values["title"]:
        raise InvalidInput.of(title=_("Say in a few words what is to change."))
    request = SystemChangeRequest(created_by=actor, **values)
    request.save(force_insert=True)
    audit.record("change_request.proposed", request, actor=actor)
    return request


@transaction.atomic
def update_change(
    *, request: SystemChangeRequest, version: int | None, actor: Any, **changes: Any
) -> SystemChangeRequest:
    """Change a proposal; what was approved stays as it was approved."""
    require(actor, "integrations.change_systemchangerequest")
    request = lock(request, version)
    if request.status != Status.PROPOSED:
        raise IllegalState("decided", _("This request is decided."))
    values = _tidy(changes)
    if "title" in values and not values["title"]:
        raise InvalidInput.of(title=_("Say in a few words what is to change."))
    changed = edit(request, values)
    if changed:
        audit.record("change_request.changed", request, actor=actor, changed=changed)
    return request


@transaction.atomic
def approve_change(*, request: SystemChangeRequest, version: int | None, actor: Any) -> SystemChangeRequest:
    """Approve; needs a sponsor and an expected benefit. Raises MissingFields."""
    require(actor, "integrations.approve_systemchangerequest")
    request = lock(request, version)
    missing = [name for name in ("sponsor", "expected_benefit") if not getattr(request, name)]
    if missing:
        raise MissingFields(_("A change needs a sponsor and an expected benefit to be approved."), missing)
    advance(request, Status.APPROVED, SystemChangeRequest.TRANSITIONS)
    request.approved_at, request.approved_by = clock.now(), actor
    request.save(update_fields=["status", "approved_at", "approved_by", "version", "updated_at"])
    audit.record("change_request.approved", request, actor=actor)
    return request


@transaction.atomic
def reject_change(*, request: SystemChangeRequest, version: int | None, actor: Any) -> SystemChangeRequest:
    """Turn a request down."""
    require(actor, "integrations.approve_systemchangerequest")
    request = lock(request, version)
    advance(request, Status.REJECTED, SystemChangeRequest.TRANSITIONS)
    request.save(update_fields=["status", "version", "updated_at"])
    audit.record("change_request.rejected", request, actor=actor)
    return request


@transaction.atomic
def complete_change(*, request: SystemChangeRequest, version: int | None, actor: Any) -> SystemChangeRequest:
    """The change is live; 90 days from today its measured benefit is asked of the sponsor."""
    require(actor, "integrations.approve_systemchangerequest")
    request = lock(request, version)
    advance(request, Status.DONE, SystemChangeRequest.TRANSITIONS)
    request.done_on = clock.today()
    request.measure_on = request.done_on + MEASURED_AFTER
    request.save(update_fields=["status", "done_on", "measure_on", "version", "updated_at"])
    audit.record("change_request.done", request, actor=actor, measure_on=request.measure_on)
    return request


@transaction.atomic
def measure_change(
    *, request: SystemChangeRequest, version: int | None, actor: Any, measured_benefit: str
) -> SystemChangeRequest:
    """Say what the change brought."""
    require(actor, "integrations.change_systemchangerequest")
    request = lock(request, version)
    value = _tidy({"measured_benefit": measured_benefit})["measured_benefit"]
    if not value:
        raise InvalidInput.of(measured_benefit=_("Say what the change brought."))
    advance(request, Status.MEASURED, SystemChangeRequest.TRANSITIONS)
    request.measured_benefit = value
    request.save(update_fields=["status", "measured_benefit", "version", "updated_at"])
    audit.record("change_request.measured", request, actor=actor, benefit=value)
    return request


def _tidy(values: dict[str, Any]) -> dict[str, Any]:
    tidy = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    for name, value in tidy.items():
        if isinstance(value, str) and ("\x00" in value or len(value) > LENGTHS.get(name, 200)):
            text = _("This text is too long or holds a character that cannot be stored.")
            raise InvalidInput.of(**{name: text})
    unknown = set(tidy) - {*EDITABLE, "measured_benefit"}
    if unknown:
        raise InvalidInput.of(**{sorted(unknown)[0]: _("This cannot be set here.")})
    return tidy
