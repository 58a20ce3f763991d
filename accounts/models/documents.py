"""Documents: files in versions, and the records that they hang on."""

import hashlib
import uuid
from pathlib import PurePath
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models.companies import Account, Contact
from revops.core import clock
from revops.core.models import BaseModel, Stamped
from revops.core.registries import scope_sources
from revops.core.scope import NOBODY, ScopedQuerySet, within_reach


class DocumentQuerySet(ScopedQuerySet["Document"]):
    def visible_to(self, user: Any) -> Self:
        """What everybody may read; one's own; and what hangs on a record that one sees. Private stays the owner's."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(NOBODY)
        linked = within_reach(user)
        for source in scope_sources.all():
            # An empty condition is everybody's records: nothing may be added to it.
            if source.model == "accounts.document" and linked:
                linked |= Q(pk__in=source.ids(user))
        shared = Q(access=Document.Access.LINKED) & linked if linked else Q(access=Document.Access.LINKED)
        return self.filter(Q(owner=user) | Q(access=Document.Access.EVERYONE) | shared)

    def active(self) -> Self:
        return self.filter(archived_at__isnull=True)


class Document(BaseModel):
    """A paper under one title: its file may get new versions, its links and its readers stay."""

    class Kind(models.TextChoices):
        COLLATERAL = "collateral", _("Sales material")
        RFP = "rfp", _("Request for proposal")
        PROPOSAL = "proposal", _("Proposal")
        CONTRACT = "contract", _("Contract")
        NOTE = "note", _("Minutes or notes")
        OTHER = "other", _("Other")

    class Access(models.TextChoices):
        LINKED = "linked", _("Who sees a record that it hangs on")
        EVERYONE = "everyone", _("Everybody in the company")
        PRIVATE = "private", _("Only me")

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)
    access = models.CharField(max_length=8, choices=Access.choices, default=Access.LINKED)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="documents")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["title", "id"], name="document_by_title"),
            models.Index(fields=["owner", "-id"], name="document_by_owner"),
        ]
        permissions = [("manage_documents", "Can change everybody's documents")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("document-detail", args=[self.pk])

    @property
    def newest(self) -> "DocumentVersion":
        """The version that counts. Selectors prefetch it as `newest_versions`."""
        fetched: list[DocumentVersion] | None = getattr(self, "newest_versions", None)
        return fetched[0] if fetched else self.versions.get(is_newest=True)


def stored_under(version: "DocumentVersion", filename: str) -> str:
    """A name that nobody can guess and that no other file has; the person's own name stays in the row."""
    return f"documents/{clock.today():%Y/%m}/{uuid.uuid4().hex}{PurePath(filename).suffix.lower()}"


class DocumentVersion(Stamped):
    """One file of a document. Written once, never changed."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    is_newest = models.BooleanField(default=True)
    file = models.FileField(upload_to=stored_under, max_length=120)
    name = models.CharField(max_length=200, help_text=_("As the person called the file."))
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text=_("Bytes."))
    sha256 = models.CharField(max_length=64, db_index=True)
    note = models.CharField(max_length=400, blank=True, default="")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="document_version_number_once"),
            models.UniqueConstraint(
                fields=["document"], condition=Q(is_newest=True), name="document_one_newest_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    def get_absolute_url(self) -> str:
        return reverse("document-download", args=[self.document_id, self.number])

    @staticmethod
    def digest_of(file: Any) -> str:
        """SHA-256 of a file, read from its start and left there."""
        digest = hashlib.sha256()
        file.seek(0)
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
        file.seek(0)
        return digest.hexdigest()


class DocumentText(Stamped):
    """The words inside a file, for the search. The row is made before the file is opened, so that one which breaks its
    reader is tried a few times and no more.
    """

    TRIES = 3

    version = models.OneToOneField(DocumentVersion, on_delete=models.CASCADE, related_name="words")
    tries = models.PositiveSmallIntegerField(default=1)
    read_at = models.DateTimeField(null=True, blank=True)
    text = models.TextField(blank=True, default="")
    # Words as they stand, of whatever language.
    vector = models.GeneratedField(
        expression=SearchVector("text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        indexes = [GinIndex(fields=["vector"], name="document_text_words")]

    def __str__(self) -> str:
        return str(self.version)


class DocumentLink(Stamped):
    """A document hangs on a record. Each room has its own table, whose `record` points at the record."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="%(class)ss")
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.document_id} on {self.record_id}"  # type: ignore[attr-defined]


def linked_once(name: str) -> models.UniqueConstraint:
    """The constraint that goes with DocumentLink: a document hangs on a record once."""
    return models.UniqueConstraint(fields=["record", "document"], name=name)


class AccountDocument(DocumentLink):
    """A document of an account."""

    record = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("account_document_once")]


class ContactDocument(DocumentLink):
    """A document of a contact."""

    record = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="document_links")

    class Meta:
        constraints = [linked_once("contact_document_once")]
