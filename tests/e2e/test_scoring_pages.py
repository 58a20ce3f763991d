"""Scoring in the browser: the model's page draws its charts, a version is published, and the list says why."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from leads import services
from leads.learning import training
from leads.models import ScoringModel
from leads.services.propensity import score_chunk
from revops.core import clock
from tests.cast import Cast, make_cast
from tests.e2e.conftest import PageAs
from tests.leads.builders import answered, make_lead

WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Axe = Callable[[Page], list[str]]


@pytest.fixture
def people(alone: None) -> Cast:
    return make_cast()


def learned() -> ScoringModel:
    """A version from leads that convert where they came by referral, or are large."""
    dice = np.random.default_rng(1)
    sources = dice.choice(["Referral", "Web form", "List"], 900)
    sizes = dice.integers(5, 900, 900)
    chance = 0.15 + 0.4 * (sources == "Referral") + 0.35 * (sizes > 400)
    labels = (dice.random(900) < chance).astype(np.int8)
    table = {"source": sources.tolist(), "employees": sizes.tolist(), "title": [None] * 900}
    prepared = training.prepare(table, list(range(900)))
    found = training.train_default(prepared, labels)
    return ScoringModel.objects.create(
        number=1, algorithm="regression", status="ready", metrics=found.metrics, fields=found.fields,
        weights=found.model, base=found.base, refused=[{"name": "title", "why": "empty"}], trained_at=clock.now(),
        setup={"labels": {"source": "Source", "employees": "Employees", "title": "Title"}},
    )  # fmt: skip


def test_a_model_is_looked_at_published_and_explains_a_lead(people: Cast, page_as: PageAs, axe: Axe) -> None:
    lead = answered(make_lead(people.olga, source="Referral", employees=700, company="Westmoor Rail"), people.olga)
    services.score_engagement(lead=lead)
    model = learned()
    page = page_as("olga", viewport=WIDE)
    page.goto(f"/leads/settings/scoring/models/{model.pk}/")
    expect(page.locator("[data-chart=calibration] svg")).to_be_visible()
    expect(page.locator("[data-chart=lift] svg")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("button", name="Stop using it")).to_be_visible()
    score_chunk(model=ScoringModel.objects.get(), after=0)
    page.goto("/leads/settings/scoring/")
    expect(page.get_by_role("heading", name="Model 1 is in use")).to_be_visible()
    assert axe(page) == []
    page.goto("/leads/")
    page.locator(f"[popovertarget=why-{lead.pk}]").click()
    why = page.locator(f"#why-{lead.pk}")
    expect(why.get_by_text("Came by Referral", exact=True)).to_be_visible()
    expect(why.get_by_role("heading", name="Rule card")).to_be_visible()
    page.goto(lead.get_absolute_url())
    expect(page.locator("#propensity")).to_contain_text("Likely to convert")
    phone = page_as("olga", viewport=PHONE)
    for address in (f"/leads/settings/scoring/models/{model.pk}/", "/leads/settings/scoring/"):
        phone.goto(address)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
