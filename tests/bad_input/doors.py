"""The doors of the walk with tags that stand at the side: papers, people to confirm, shares, settings, webhooks."""

from typing import Any

from django.core.files.base import ContentFile
from django.urls import reverse

from accounts import forms as papers
from accounts.api import captured, documents, territories
from accounts.forms_captured import ConfirmForm
from accounts.models import CapturedParticipant, Document, TerritoryModel
from accounts.services import log_activity
from accounts.tasks import capture_participants
from leads.api import scoring
from leads.api import settings as leads
from leads.models import RoutingPool
from opportunities.api.reasons import LossReasonIn
from opportunities.api.team import TeamMemberIn
from revops.catalog.api import book_serializers as books
from revops.integrations.api.webhook_serializers import WebhookIn
from revops.integrations.forms import WebhookForm
from revops.integrations.models import Webhook
from revops.users.api.shares import ShareIn
from revops.users.forms_shares import ShareForm
from revops.users.models import User
from tests.accounts.builders import make_account
from tests.cast import Cast
from tests.opportunities.quote_builders import make_deal

# An address takes no words, but its end is anybody's.
ADDRESS = "https://hooks.example.com/<i>WebhookForm.url</i>"


def fill_side_doors(walk: Any, ada: User, cast: Cast) -> None:
    fill_papers(walk, ada)
    fill_people(walk, ada)
    fill_settings(walk, ada)
    fill_webhooks(walk)
    account = make_account(ada, name="Shared Ltd")
    page = reverse("record-access", args=["accounts.account", account.pk])
    walk.page(page, ShareForm, user=cast.alice.pk)
    walk.api("post", f"/accounts/{account.pk}/shares", ShareIn, user=cast.bob.pk)
    walk.api("post", "/opportunity-team-members", TeamMemberIn, opportunity=make_deal(ada).pk, user=cast.bob.pk)


def a_file() -> ContentFile:
    return ContentFile(b"%PDF-1.7\n1 0 obj\nendobj\n", "<i>file.name</i>.pdf")


def fill_papers(walk: Any, ada: User) -> None:
    account = make_account(ada, name="Papers Ltd")
    walk.page(f"/documents/new/?about=account:{account.pk}", papers.UploadForm, file=a_file())
    paper = Document.objects.latest("pk")
    walk.page(f"/documents/{paper.pk}/edit/", papers.DocumentForm)
    walk.act(f"/documents/{paper.pk}/renew/", paper, papers.VersionForm, file=a_file())
    made = walk.hand_in("/documents", documents.DocumentIn, file=a_file(), about=f"account:{account.pk}")
    paper = Document.objects.get(pk=made["id"])
    walk.api("patch", f"/documents/{paper.pk}", documents.DocumentFacts, paper)
    walk.hand_in(f"/documents/{paper.pk}/renew", documents.DocumentVersionIn, paper, file=a_file())
    other = make_account(ada, name="More papers Ltd")
    walk.api("post", f"/documents/{paper.pk}/link", documents.AboutIn, about=f"account:{other.pk}")


def fill_people(walk: Any, ada: User) -> None:
    account = make_account(ada, name="Strangers Ltd")
    emails = ("ann@strangers.example", "bea@strangers.example")
    log_activity(actor=ada, kind="meeting", subject="Kick-off", account=account, attendees=emails)
    capture_participants()
    first, second = CapturedParticipant.objects.filter(account=account).order_by("pk")
    given = {f"p{first.pk}-{name}": text for name, text in walk.texts(ConfirmForm).items()}
    walk.send(f"/contacts/to-confirm/{first.pk}/confirm/", {**given, "version": first.version})
    walk.api("post", f"/captured-participants/{second.pk}/confirm", captured.ConfirmIn, second)


def fill_settings(walk: Any, ada: User) -> None:
    walk.api("post", "/territories", territories.TerritoryIn)
    model = walk.api("post", "/territory-models", territories.NewTerritoryModelIn)
    plan = TerritoryModel.objects.get(pk=model["id"])
    walk.api("patch", f"/territory-models/{plan.pk}", territories.TerritoryModelIn, plan)
    walk.api("post", "/fit-rules", leads.FitRuleIn, field="industry", values=["<i>FitRuleIn.values</i>"], points=1)
    pool = RoutingPool.objects.get(pk=walk.api("post", "/routing-pools", leads.RoutingPoolIn)["id"])
    walk.api("post", "/routing-rules", leads.RoutingRuleIn, pool=pool.pk)
    walk.api("post", "/lead-queues", leads.LeadQueueIn, owner=ada.pk)
    walk.api("post", "/disqualify-reasons", leads.DisqualifyReasonIn)
    walk.api("post", "/score-groups", scoring.ScoreGroupIn, side="fit", cap=10)
    walk.api("post", "/engagement-rules", scoring.EngagementRuleIn, event="call", points=1)
    walk.api("post", "/loss-reasons", LossReasonIn)
    walk.api("post", "/product-families", books.FamilyIn)
    walk.api("post", "/price-books", books.PriceBookIn)


def fill_webhooks(walk: Any) -> None:
    told = {"events": ["opportunity.moved"]}
    lines = "to_stage = <i>WebhookForm.filter</i>"
    walk.page("/settings/webhooks/new/", WebhookForm, url=ADDRESS, filter=lines, **told)
    walk.page(
        f"/settings/webhooks/{Webhook.objects.latest('pk').pk}/edit/", WebhookForm, url=ADDRESS, filter="", **told
    )
    walk.api("post", "/webhooks", WebhookIn, url=ADDRESS, **told)
