"""What is asked: pages as a director sees them, the API with her token, each API request beside its bare twin."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from benchmarks.clocks import Ask
from leads.models import Lead
from opportunities.models import Opportunity
from revops.core.keyset import encode
from revops.users import services as users
from revops.users.models import User

WORD = "granit"
API = "/api/v1/leads"


def pages(viewer: User) -> dict[str, Ask]:
    """HTML pages."""
    client = Client()
    client.force_login(viewer)
    cookie = {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())}
    leads, middle = reverse("lead-list"), _middle()
    deep = encode(["-created_at", "-pk"], [middle.created_at, middle.pk], backwards=False)
    deal = Opportunity.objects.open().order_by("pk")[Opportunity.objects.open().count() // 2]
    return {
        "list, first page": Ask(leads, cookie),
        "list, deep page": Ask(f"{leads}?cursor={deep}", cookie),
        "list, filtered": Ask(f"{leads}?status=qualified&country=Germany", cookie),
        "list, searched": Ask(f"{leads}?q={WORD}", cookie),
        "board": Ask(reverse("opportunity-board"), cookie),
        "record, lead": Ask(reverse("lead-detail", args=[middle.pk]), cookie),
        "record, deal": Ask(reverse("opportunity-detail", args=[deal.pk]), cookie),
        "dashboard": Ask(reverse("dashboard"), cookie),
        "forecast": Ask(reverse("forecast"), cookie),
        "ageing": Ask(reverse("invoice-ageing"), cookie),
        "My day": Ask(reverse("my-day"), cookie),
        "command menu": Ask(f"{reverse('core:command')}?q={WORD}", {**cookie, "X-Requested-With": "fetch"}),
        "command menu, misspelled": Ask(
            f"{reverse('core:command')}?q=grnaite", {**cookie, "X-Requested-With": "fetch"}
        ),
    }


def api(viewer: User) -> dict[str, tuple[Ask, Ask]]:
    """API requests with their bare twins."""
    _token, raw = users.create_token(actor=viewer, name="Benchmark", scopes=["*:read", "*:write"])
    key, middle = {"Authorization": f"Bearer {raw}"}, _middle()
    deep = encode(["-id"], [middle.pk], backwards=False)
    where = "status=qualified&country=Germany"

    def body(serial: int) -> str:
        lead: dict[str, Any] = {"first_name": "Ada", "last_name": f"Berg {serial}", "company": f"Works {serial}"}
        return json.dumps(lead | {"email": f"ada@works-{serial}.example", "owner": viewer.pk})

    def bare(path: str) -> Ask:
        return Ask(path)

    return {
        "API list": (Ask(API, key), bare("/leads")),
        "API deep page": (Ask(f"{API}?cursor={deep}", key), bare(f"/leads?cursor={middle.pk}")),
        "API filter": (Ask(f"{API}?{where}", key), bare(f"/leads?{where}")),
        "API search": (Ask(f"{API}?q={WORD}", key), bare(f"/leads?q={WORD}")),
        "API detail": (Ask(f"{API}/{middle.pk}", key), bare(f"/leads/{middle.pk}")),
        "API create": (Ask(API, key, body), Ask("/leads", {}, body)),
    }


def _middle() -> Lead:
    """A lead with answers, halfway down the list."""
    qualified = Lead.objects.filter(status="qualified").order_by("pk")
    return qualified[qualified.count() // 2]
