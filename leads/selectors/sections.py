"""The parts of a handoff package that this room knows: each says what is missing and what goes into the snapshot."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import Lead, QualificationAnswer
from leads.registries import HandoffSection
from leads.selectors.research import brief_of, research_on
from leads.selectors.scoring import AUTHORITY_GATE, active_scorecard, answers_of, judge

Criterion = QualificationAnswer.Criterion


def _qualification_gap(lead: Lead) -> str:
    verdict = judge(answers_of(lead), active_scorecard())
    if verdict.qualifies:
        return ""
    if verdict.open:
        return _("%(names)s not answered") % {
            "names": ", ".join(str(Criterion(name).label) for name in verdict.open).lower().capitalize()
        }
    if AUTHORITY_GATE in verdict.gate_failures:
        return _("Authority is 0")
    return _("The score is %(score)s, it qualifies at %(limit)s") % {
        "score": verdict.score,
        "limit": verdict.threshold,
    }


def _qualification(lead: Lead) -> dict[str, Any]:
    card = active_scorecard()
    verdict = judge(answers_of(lead), card)
    evidence = {row.criterion: row.evidence for row in lead.answers.all()}
    return {
        "score": verdict.score,
        "scorecard": card.number,
        "threshold": card.threshold,
        "answers": [
            {"criterion": name, "value": value, "evidence": evidence[name]} for name, value in verdict.answers.items()
        ],
    }


def _qualification_summary(lead: Lead) -> str:
    return str(judge(answers_of(lead), active_scorecard()).score)


def _account(lead: Lead) -> dict[str, Any]:
    return {
        "company": lead.company,
        "industry": lead.industry,
        "employees": lead.employees,
        "website": lead.website,
        "country": lead.country,
        "source": lead.source,
    }


def _contact_gap(lead: Lead) -> str:
    return "" if lead.email or lead.phone else _("No e-mail address and no phone number")


def _contacts(lead: Lead) -> list[dict[str, Any]]:
    return [{"name": lead.name, "title": lead.title, "email": lead.email, "phone": lead.phone}]


def _research(lead: Lead) -> list[str]:
    """Findings that hold, as they stand now."""
    return [
        f"{one.label}: {one.finding.value} ({one.finding.source})"
        for one in research_on(brief_of(lead)).topics
        if one.finding is not None and one.holds
    ]


def _research_summary(lead: Lead) -> str:
    return f"{research_on(brief_of(lead)).percent} %"


SECTIONS = (
    HandoffSection(
        key="research",
        label=gettext_lazy("Research"),
        gap=lambda lead: "",  # a seller may take a lead that nobody has researched
        snapshot=_research,
        summary=_research_summary,
        anchor="#research",
        order=45,
    ),
    HandoffSection(
        key="qualification",
        label=gettext_lazy("Qualification score"),
        gap=_qualification_gap,
        snapshot=_qualification,
        summary=_qualification_summary,
        anchor="#criteria",
        action=gettext_lazy("Answer"),
        order=10,
    ),
    HandoffSection(
        key="account",
        label=gettext_lazy("Account"),
        gap=lambda lead: "" if lead.company else _("No company"),
        snapshot=_account,
        summary=lambda lead: lead.company,
        anchor="edit",
        action=gettext_lazy("Add"),
        order=20,
    ),
    HandoffSection(
        key="contacts",
        label=gettext_lazy("Contacts"),
        gap=_contact_gap,
        snapshot=_contacts,
        summary=lambda lead: lead.name,
        anchor="edit",
        action=gettext_lazy("Add"),
        order=30,
    ),
    HandoffSection(
        key="competition",
        label=gettext_lazy("Competitive situation"),
        gap=lambda lead: "" if lead.competition.strip() else _("Empty, refused without it"),
        snapshot=lambda lead: lead.competition,
        summary=lambda lead: _("Known"),
        anchor="#handoff-facts",
        action=gettext_lazy("Add"),
        order=40,
    ),
    HandoffSection(
        key="next_step",
        label=gettext_lazy("Next step"),
        gap=lambda lead: "" if lead.next_step.strip() else _("Nothing agreed yet"),
        snapshot=lambda lead: lead.next_step,
        summary=lambda lead: lead.next_step,
        anchor="#handoff-facts",
        action=gettext_lazy("Add"),
        order=50,
    ),
)
