"""What the steps of sequences say."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Document
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from leads.models import MessageTemplate, Sequence, TemplateDocument
from leads.services._papers import refuse_papers
from leads.services._words import refuse_unknown_names
from revops.core import audit, clock
from revops.core.errors import IllegalState, InvalidInput
from revops.core.scope import require
from revops.core.status import edit, lock

FIELDS = ("name", "subject", "body")
LONGEST = 20_000


@transaction.atomic
def create_template(
    *, actor: Any, name: str, subject: str, body: str, documents: Iterable[Document] = ()
) -> MessageTemplate:
    """A new text, with the documents that go along. Raises InvalidInput that names what stands in braces and is not
    known.
    """
    if actor is not None:
        require(actor, "leads.add_messagetemplate")
    template = MessageTemplate(**tidy({"name": name, "subject": subject, "body": body}))
    _check(template)
    template.save(force_insert=True)
    _enclose(template, documents)
    audit.record("template.created", template, actor=actor)
    return template


@transaction.atomic
def update_template(
    *,
    template: MessageTemplate,
    version: int | None,
    actor: Any,
    documents: Iterable[Document] | None = None,
    **changes: Any,
) -> MessageTemplate:
    """Change a text, and with `documents` what goes along; what was sent stays as it was sent."""
    require(actor, "leads.change_messagetemplate")
    refuse_unknown(changes, FIELDS)
    template = lock(template, version)
    if template.archived_at is not None:
        raise IllegalState("archived", _("This template is archived."))
    wanted = tidy(changes)
    trial = {name: wanted.get(name, getattr(template, name)) for name in FIELDS}
    _check(MessageTemplate(pk=template.pk, **trial))
    changed = edit(template, wanted)
    papers = documents is not None and _enclose(template, documents)
    if papers and not changed:
        template.version += 1
        template.save(update_fields=["version", "updated_at"])
    if changed or papers:
        audit.record("template.changed", template, actor=actor, changed={**changed, **(papers or {})})
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


def _enclose(template: MessageTemplate, documents: Iterable[Document]) -> dict[str, tuple[Any, Any]]:
    """These and no others go along; says what changed. The caller found them in the actor's sight."""
    wanted = {one.pk: one for one in documents}
    rows = {row.document_id: row for row in template.enclosed.select_related("document")}
    new = [one for key, one in wanted.items() if key not in rows]
    for one in new:
        if one.access != Document.Access.EVERYONE:
            words = _("“%(title)s” is not for everybody in the company, who all may send this.")
            raise InvalidInput.of(documents=words % {"title": one})
        if one.archived_at is not None:
            raise InvalidInput.of(documents=_("“%(title)s” is archived.") % {"title": one})
    refuse_papers((), wanted.values(), field="documents")
    gone = set(rows) - set(wanted)
    if not new and not gone:
        return {}
    template.enclosed.filter(document__in=gone).delete()
    TemplateDocument.objects.bulk_create([TemplateDocument(template=template, document=one) for one in new])
    before = sorted(str(row.document) for row in rows.values())
    return {"documents": (before, sorted(str(one) for one in wanted.values()))}


def _check(template: MessageTemplate) -> None:
    refuse_invalid(template, FIELDS)
    if "\n" in template.subject or "\r" in template.subject:
        raise InvalidInput.of(subject=_("A subject is one line."))
    if len(template.body) > LONGEST:
        raise InvalidInput.of(body=_("A mail has at most %(most)s characters.") % {"most": f"{LONGEST:,}"})
    refuse_unknown_names({name: getattr(template, name) for name in ("subject", "body")})
    same = MessageTemplate.objects.filter(name__iexact=template.name, archived_at=None).exclude(pk=template.pk)
    if same.exists():
        raise InvalidInput.of(name=_("Another template has this name."))
