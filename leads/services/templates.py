"""What the steps of sequences say."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.models import MessageTemplate, Sequence
from leads.selectors.sequences import PLACEHOLDERS, placeholders_in
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock

FIELDS = ("name", "subject", "body")
LONGEST = 20_000


@transaction.atomic
def create_template(*, actor: Any, name: str, subject: str, body: str) -> MessageTemplate:
    """A new text. Raises InvalidInput that names what stands in braces and is not known."""
    if actor is not None:
        require(actor, "leads.add_messagetemplate")
    template = MessageTemplate(**tidy({"name": name, "subject": subject, "body": body}))
    _check(template)
    template.save(force_insert=True)
    audit.record("template.created", template, actor=actor)
    return template


@transaction.atomic
def update_template(*, template: MessageTemplate, version: int | None, actor: Any, **changes: Any) -> MessageTemplate:
    """Change a text; what was sent stays as it was sent."""
    require(actor, "leads.change_messagetemplate")
    refuse_unknown(changes, FIELDS)
    template = lock(template, version)
    if template.archived_at is not None:
        raise IllegalState("archived", _("This template is archived."))
    wanted = tidy(changes)
    trial = {name: wanted.get(name, getattr(template, name)) for name in FIELDS}
    _check(MessageTemplate(pk=template.pk, **trial))
    changed = edit(template, wanted)
    if changed:
        audit.record("template.changed", template, actor=actor, changed=changed)
    return template


@transaction.atomic
def archive_template(*, template: MessageTemplate, version: int | None, actor: Any) -> MessageTemplate:
    """Put a text away that no sequence in use says."""
    require(actor, "leads.change_messagetemplate")
    template = lock(template, version)
    if template.archived_at is not None:
        raise IllegalState("archived", _("This template is archived."))
    used = template.steps.exclude(sequence__status=Sequence.Status.ARCHIVED).select_related("sequence").first()
    if used is not None:
        raise IllegalState(
            "in_use", _("“%(name)s” says this: give that step another text first.") % {"name": used.sequence}
        )
    edit(template, {"archived_at": clock.now()})
    audit.record("template.archived", template, actor=actor)
    return template


def _check(template: MessageTemplate) -> None:
    refuse_invalid(template, FIELDS)
    if "\n" in template.subject or "\r" in template.subject:
        raise InvalidInput.of(subject=_("A subject is one line."))
    if len(template.body) > LONGEST:
        raise InvalidInput.of(body=_("A mail has at most %(most)s characters.") % {"most": f"{LONGEST:,}"})
    for name in ("subject", "body"):
        unknown = sorted(placeholders_in(getattr(template, name)) - set(PLACEHOLDERS))
        if unknown:
            raise InvalidInput.of(**{name: _unknown(unknown)})
    same = MessageTemplate.objects.filter(name__iexact=template.name, archived_at=None).exclude(pk=template.pk)
    if same.exists():
        raise InvalidInput.of(name=_("Another template has this name."))


def _unknown(names: list[str]) -> str:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    return _("{%(name)s} is not known. Known are: %(known)s.") % {"name": names[0], "known": known}
