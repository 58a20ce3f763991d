"""Mails with their documents: what may go along, what goes along, and where each version went."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.keys import email_key
from accounts.models import Document, DocumentVersion
from leads.models import Enclosure, MessageTemplate, ReceivedMessage, SentDocument, SentMessage, TemplateDocument
from leads.selectors.outreach import mails_shown
from revops.users.models import User

# Mail servers that take 25 MB take a third less: files grow by a third on their way.
MOST_BYTES = 18_000_000
PICKED = 20


@dataclass(frozen=True)
class Paper:
    """A file that goes along with a mail. One that is not pinned is the version that counts at the moment."""

    document: int
    version: int
    pinned: bool
    name: str
    content_type: str
    path: str


def sendable(keys: Collection[int], *, viewer: Any) -> list[DocumentVersion]:
    """The versions with these keys, in this order, of documents that the viewer sees; else Http404."""
    rows = DocumentVersion.objects.filter(pk__in=keys, document__in=Document.objects.visible_to(viewer))
    found = {row.pk: row for row in rows.select_related("document")}
    if len(found) < len(set(keys)) or (keys and not viewer.has_perm("accounts.view_document")):
        raise Http404(_("There is no such document."))
    return [found[key] for key in keys]


def pickable(text: str, *, viewer: Any) -> list[DocumentVersion]:
    """What may go along, by words of its title: the versions that count, the latest first."""
    rows = Document.objects.visible_to(viewer).active().filter(title__icontains=text)
    newest = DocumentVersion.objects.filter(is_newest=True, document__in=rows)
    return list(newest.select_related("document").order_by("-created_at", "-pk")[:PICKED])


def pickable_for_all(text: str, *, viewer: Any) -> list[Document]:
    """What may go along with a template: documents for everybody in the company, by words of their title."""
    rows = Document.objects.visible_to(viewer).active().filter(access=Document.Access.EVERYONE)
    return list(rows.filter(title__icontains=text).order_by("-pk")[:PICKED])


def label_of(version: DocumentVersion) -> str:
    """How a version is called where it is chosen."""
    size = filesizeformat(version.size)
    return _("%(title)s, version %(n)s, %(size)s") % {"title": version.document, "n": version.number, "size": size}


def superseded(version: DocumentVersion, newest: DocumentVersion) -> str:
    """Why a version is not sent."""
    facts = {"n": version.number, "title": version.document, "newest": newest.number}
    return _("Version %(n)s of “%(title)s” is superseded: version %(newest)s counts now.") % facts


def newest_of(documents: Iterable[int]) -> dict[int, DocumentVersion]:
    """The version that counts, by document."""
    rows = DocumentVersion.objects.filter(document__in=set(documents), is_newest=True)
    return {row.document_id: row for row in rows.select_related("document")}


def papers_of(mails: Collection[int]) -> Mapping[int, tuple[Paper, ...]]:
    """What goes along with each of these mails: as many queries for twenty mails as for one."""
    rows = list(Enclosure.objects.filter(message__in=mails).select_related("version").order_by("pk"))
    current = newest_of(row.document_id for row in rows if row.version_id is None) if rows else {}
    found: dict[int, tuple[Paper, ...]] = {}
    for row in rows:
        file = row.version or current[row.document_id]
        paper = Paper(
            row.document_id, file.pk, row.version_id is not None, file.name, file.content_type, str(file.file.name)
        )
        found[row.message_id] = (*found.get(row.message_id, ()), paper)
    return found


def documents_of(template: MessageTemplate) -> list[Document]:
    """What goes along with every mail of a template, in the order of its titles."""
    rows = TemplateDocument.objects.filter(template=template).select_related("document")
    return [row.document for row in rows.order_by("document__title", "document_id")]


def addresses_for(person: Any, answered: ReceivedMessage | None) -> list[str]:
    """Where a mail to somebody may go: to their address, or where their answer came from."""
    given = [email_key(answered.sender) if answered else "", person.email_key]
    return list(dict.fromkeys(one for one in given if one))


# What is shown -------------------------------------------------------------------------------


def mails_listed(*, viewer: Any) -> QuerySet[SentMessage]:
    """The same with their documents, chosen and gone."""
    chosen = Enclosure.objects.select_related("document", "version").order_by("pk")
    gone = SentDocument.objects.gone().select_related("version__document").order_by("pk")
    return mails_shown(viewer=viewer).prefetch_related(
        Prefetch("enclosures", queryset=chosen), Prefetch("documents", queryset=gone, to_attr="gone")
    )


@dataclass(frozen=True)
class Shown:
    """A document of a mail. `version` is the one that went, or will go; None: whichever counts then."""

    document: Document
    version: DocumentVersion | None
    newer: DocumentVersion | None
    gone: bool
    seen: bool  # by who looks at the mail


def papers_shown(mail: SentMessage, *, viewer: Any) -> list[Shown]:
    """The documents of a mail that was read by `mails_listed`."""
    went = {row.version.document_id: row.version for row in mail.gone}  # type: ignore[attr-defined]
    rows = list(mail.enclosures.all())
    keys = {row.document_id for row in rows}
    newest = newest_of(keys) if keys else {}
    seen = set(Document.objects.visible_to(viewer).filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()
    shown = []
    for row in rows:
        version = went.get(row.document_id) or row.version
        newer = newest[row.document_id] if version and newest[row.document_id].pk != version.pk else None
        shown.append(Shown(row.document, version, newer, row.document_id in went, row.document_id in seen))
    return shown


def sent_of(document: Document, *, viewer: Any) -> QuerySet[SentDocument]:
    """Where the versions of a document went, of the mails that the viewer sees: the latest first."""
    rows = SentDocument.objects.visible_to(viewer).gone().filter(version__document=document)
    return rows.select_related(
        "version", "message__lead", "message__contact", "message__enrollment__lead", "message__enrollment__contact"
    ).order_by("-handed_at", "-pk")


def sender_of(mail: SentMessage) -> User:
    """Who writes."""
    sender = mail.enrollment.sender if mail.enrollment else mail.sender
    assert sender is not None
    return sender


def thread_of(answered: ReceivedMessage | None) -> tuple[str, ...]:
    """The ids of the mails before an answer of ours, the nearest last."""
    if answered is None:
        return ()
    ours = answered.answers.message_id if answered.answers else ""
    return tuple(key for key in (ours, answered.message_id) if key)
