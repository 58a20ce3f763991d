"""Writes to documents: handed in, renewed, hung on records, put away."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.files import clean_name, type_of
from accounts.models import Document, DocumentLink, DocumentVersion
from accounts.validation import refuse_invalid, refuse_unknown, tidy
from revops.core import audit, clock, files, merging
from revops.core.acting import refuse_readers
from revops.core.errors import IllegalState, InvalidInput, NotAllowed
from revops.core.models import Mergeable
from revops.core.scope import require, within_reach
from revops.core.status import edit, lock

FACTS = ("title", "kind", "access")
SWEPT_AFTER = timedelta(days=1)


@transaction.atomic
def upload_document(
    *,
    actor: Any,
    upload: File,
    title: str = "",
    kind: str = Document.Kind.OTHER,
    access: str = Document.Access.LINKED,
    note: str = "",
    link: type[DocumentLink] | None = None,
    record: Any = None,
) -> Document:
    """A new document with its first version, hung on `record` by the table `link`. Raises InvalidInput, NoRoom."""
    require(actor, "accounts.add_document")
    name = clean_name(upload.name or "")
    document = Document(owner=actor, **tidy({"title": title.strip() or name, "kind": kind, "access": access}))
    refuse_invalid(document, FACTS)
    document.save(force_insert=True)
    version = _add(document, upload, note, actor)
    audit.record("document.uploaded", document, actor=actor, file=version.name, sha256=version.sha256)
    if link is not None:
        _hang(document, link, record, actor)
    return document


@transaction.atomic
def add_version(*, document: Document, version: int | None, actor: Any, upload: File, note: str = "") -> Document:
    """A newer file under the same title. The older ones stay."""
    document = _mine(document, version, actor)
    made = _add(document, upload, note, actor)
    document.version += 1
    document.save(update_fields=["version", "updated_at"])
    audit.record("document.renewed", document, actor=actor, file=made.name, number=made.number, sha256=made.sha256)
    return document


@transaction.atomic
def update_document(*, document: Document, version: int | None, actor: Any, **changes: Any) -> Document:
    """Another title, kind or circle of readers."""
    refuse_unknown(changes, FACTS)
    document = _mine(document, version, actor)
    if "access" in changes and document.owner_id != actor.pk and changes["access"] == Document.Access.PRIVATE:
        raise InvalidInput.of(access=_("Only its owner can make a document private."))
    wanted = tidy(changes)
    refuse_invalid(Document(owner_id=document.owner_id, **{**_facts(document), **wanted}), FACTS)
    changed = edit(document, wanted)
    if changed:
        audit.record("document.changed", document, actor=actor, changed=changed)
    return document


@transaction.atomic
def archive_document(*, document: Document, version: int | None, actor: Any, reason: str = "") -> Document:
    """Take it out of lists; its links stay."""
    document = _mine(document, version, actor)
    if document.archived_at is None:
        edit(document, {"archived_at": clock.now()})
        audit.record("document.archived", document, actor=actor, reason=reason)
    return document


@transaction.atomic
def restore_document(*, document: Document, version: int | None, actor: Any) -> Document:
    """Bring it back."""
    document = _mine(document, version, actor, archived=True)
    if document.archived_at is not None:
        edit(document, {"archived_at": None})
        audit.record("document.restored", document, actor=actor)
    return document


@transaction.atomic
def link_document(*, document: Document, link: type[DocumentLink], record: Any, actor: Any) -> DocumentLink:
    """Hang a document on one more record. Twice is once. The caller checks that the actor sees and may change it."""
    require(actor, "accounts.change_document")
    document = lock(document)
    if document.access == Document.Access.PRIVATE and document.owner_id != actor.pk:
        raise NotAllowed(_("This document is private."))
    return _hang(document, link, record, actor)


@transaction.atomic
def unlink_document(*, document: Document, link: type[DocumentLink], record: Any, actor: Any) -> None:
    """Take it off a record. The document itself stays."""
    require(actor, "accounts.change_document")
    document = lock(document)
    links: Any = link._default_manager
    gone, _kinds = links.filter(document=document, record=record).delete()
    if gone:
        audit.record("document.unlinked", document, actor=actor, place=record)


def _facts(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in FACTS}


def _mine(document: Document, version: int | None, actor: Any, *, archived: bool = False) -> Document:
    """Locked, for somebody who may change it: its owner's reach, or who looks after everybody's documents."""
    require(actor, "accounts.change_document")
    document = lock(document, version)
    own = Document.objects.filter(within_reach(actor), pk=document.pk).exists()
    if not own and not actor.has_perm("accounts.manage_documents"):
        raise NotAllowed(_("Only its owner, or who looks after all documents, can change this one."))
    if document.archived_at is not None and not archived:
        raise IllegalState("archived", _("This document is archived: restore it first."))
    return document


def _add(document: Document, upload: File, note: str, actor: Any) -> DocumentVersion:
    """The next version. The file is stored before its row; what is stored for a row that never comes is swept."""
    name = clean_name(upload.name or "")
    version = DocumentVersion(
        document=document,
        number=document.versions.count() + 1,
        name=name,
        content_type=type_of(upload, name),
        size=upload.size,
        sha256=DocumentVersion.digest_of(upload),
        note=note.strip()[:400],
        uploaded_by=actor,
    )
    refuse_invalid(version, ("note",))
    files.keep(version.file, name, upload)
    try:
        document.versions.filter(is_newest=True).update(is_newest=False)
        version.save(force_insert=True)
    except Exception:
        version.file.delete(save=False)
        raise
    return version


def _hang(document: Document, link: type[DocumentLink], record: Any, actor: Any) -> DocumentLink:
    refuse_readers(record)
    if isinstance(record, Mergeable):
        merging.hold(record)
    links: Any = link._default_manager
    try:
        with transaction.atomic():
            row, made = links.get_or_create(document=document, record=record, defaults={"linked_by": actor})
    except IntegrityError as error:
        raise IllegalState("gone", _("This record is gone.")) from error
    if made:
        audit.record("document.linked", document, actor=actor, place=record)
    return row


@transaction.atomic
def hand_over_documents(*, user: Any, to: Any, actor: Any) -> int:
    """Give a leaver's documents to somebody who stays; what was private to one becomes private to the other."""
    rows = Document.objects.filter(owner=user, archived_at__isnull=True).select_for_update().order_by("pk")
    documents = list(rows)
    for document in documents:
        audit.record("document.changed", document, actor=actor, changed=edit(document, {"owner": to}))
    return len(documents)


@transaction.atomic
def sweep_files(*, actor: Any = None, older_than: timedelta = SWEPT_AFTER) -> int:
    """Delete stored files that no row names: left where a transaction was undone after its file was written."""
    storage, gone = default_storage, 0
    for path in list(_stored("documents")):
        if storage.get_modified_time(path) > clock.now() - older_than:
            continue
        if not DocumentVersion.objects.filter(file=path).exists():
            storage.delete(path)
            gone += 1
    return gone


def _stored(folder: str) -> Iterator[str]:
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in names)
    for one in folders:
        yield from _stored(f"{folder}/{one}")
