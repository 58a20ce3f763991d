"""Documents of mails: checked when a mail is written, and again while they are held right before it goes (DA-07)."""

from collections.abc import Iterable
from collections.abc import Sequence as Rows
from datetime import datetime
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.models import Document, DocumentVersion
from leads.models import Enclosure, MessageTemplate, SentDocument, SentMessage, TemplateDocument
from leads.selectors.mails import MOST_BYTES, Paper, newest_of, superseded
from revops.core.errors import DomainError, FieldError


def refuse_papers(versions: Rows[DocumentVersion], more: Iterable[Document] = (), *, field: str = "versions") -> None:
    """Raise DomainError for a version that is superseded, an archived document, and what is too large together."""
    for version in versions:
        if version.document.archived_at is not None:
            raise _refusal(field, "archived", _("“%(title)s” is archived.") % {"title": version.document})
        if not version.is_newest:
            newest = newest_of([version.document_id])[version.document_id]
            raise _refusal(field, "superseded", superseded(version, newest), version=version.pk, newest=newest.number)
    if len({version.document_id for version in versions}) < len(versions):
        raise _refusal(field, "twice", _("A document goes along once."))
    size = sum(version.size for version in versions) + sum(one.size for one in newest_of(d.pk for d in more).values())
    if size > MOST_BYTES:
        facts = {"size": filesizeformat(size), "most": filesizeformat(MOST_BYTES)}
        raise _refusal(field, "too_large", _("Together they have %(size)s: a mail carries %(most)s at most.") % facts)


def _refusal(field: str, code: str, words: str, **facts: Any) -> DomainError:
    return DomainError(code, words, errors=[FieldError(field, code, words)], facts=facts)


def enclose(message: SentMessage, versions: Rows[DocumentVersion], more: Iterable[Document] = ()) -> None:
    """These versions go along, and of `more` whichever counts then."""
    chosen = {version.document_id: version for version in versions}
    rows = [Enclosure(message=message, document_id=key, version=version) for key, version in chosen.items()]
    rows += [Enclosure(message=message, document=one) for one in more if one.pk not in chosen]
    Enclosure.objects.bulk_create(rows)


def enclose_templates(messages: Rows[SentMessage], templates: dict[int, MessageTemplate]) -> None:
    """The documents of their templates go along with mails that steps made; `templates` by the step's key."""
    given: dict[int, list[int]] = {}
    rows = TemplateDocument.objects.filter(template__in={one.pk for one in templates.values()}).order_by("pk")
    for row in rows:
        given.setdefault(row.template_id, []).append(row.document_id)
    if not given:
        return
    # What another worker had made stands there without a key of ours.
    kept = dict(
        SentMessage.objects.filter(message_id__in=[one.message_id for one in messages]).values_list("message_id", "pk")
    )
    made = [
        Enclosure(message_id=kept[one.message_id], document_id=document)
        for one in messages
        if one.message_id in kept
        for document in given.get(templates[one.step_id or 0].pk, ())
    ]
    Enclosure.objects.bulk_create(made, ignore_conflicts=True)


def hold_papers(papers: Rows[Paper], sender: Any) -> tuple[bool, str]:
    """Lock their documents until the mail is handed over: who adds a version waits, or was first and is heard.

    Says whether a document that was not pinned has got a newer version meanwhile, and what keeps the mail here.
    """
    keys = sorted({paper.document for paper in papers})
    if not keys:
        return False, ""
    held = Document.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    documents = {row.pk: row for row in held}
    newest = newest_of(keys)
    seen = set(Document.objects.visible_to(sender).filter(pk__in=keys).values_list("pk", flat=True))
    changed = False
    for paper in papers:
        document, counts = documents[paper.document], newest[paper.document]
        if document.pk not in seen:
            return False, _not_seen(document, sender)
        if document.archived_at is not None:
            return False, _("%(document)s is archived.") % {"document": _called(document)}
        if counts.pk != paper.version and paper.pinned:
            facts = {"document": _called(document), "n": counts.number}
            return False, _("%(document)s is superseded: version %(n)s counts now.") % facts
        changed |= counts.pk != paper.version
    return changed, ""


def _not_seen(document: Document, sender: Any) -> str:
    called = _called(document)
    if document.access == Document.Access.PRIVATE:
        return _("%(document)s is private to somebody else.") % {"document": called}
    return _("%(document)s may not be read by %(name)s any more.") % {"name": sender, "document": called}


def _called(document: Document) -> str:
    """What stands on a mail is read by whoever sees the person: there, the title of what all may read only."""
    if document.access == Document.Access.EVERYONE:
        return _("“%(title)s”") % {"title": document}
    return _("A document of this mail")


def keep_sent(papers: Rows[Paper], message: SentMessage, at: datetime) -> None:
    """Which versions are handed over now."""
    SentDocument.objects.bulk_create(
        [SentDocument(message=message, version_id=paper.version, handed_at=at) for paper in papers]
    )
