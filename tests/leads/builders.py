"""Leads on their way for tests."""

from itertools import count
from typing import Any

from leads import services
from leads.models import Enrollment, Handoff, Lead, MessageTemplate, RoutingPool, Sequence
from leads.setup import ensure_leads
from revops.users.models import User

_serial = count(1)
GOOD = {"needs": 90, "finances": 80, "reputation": 70, "budget": 75, "authority": 70}
PACKAGE = {"competition": "WayTrace until March", "next_step": "Meeting on Tuesday"}


def make_lead(actor: User | None, **fields: Any) -> Lead:
    serial = next(_serial)
    fields.setdefault("last_name", f"Rahimi{serial}")
    fields.setdefault("company", f"Elmbridge Vets {serial}")
    fields.setdefault("email", f"y.rahimi@elmbridge{serial}.example")
    ensure_leads()
    return services.create_lead(actor=actor, **fields)


def answered(lead: Lead, actor: User, **answers: Any) -> Lead:
    """Answered and, as the worker would, scored."""
    lead = services.answer_criteria(lead=lead, version=None, actor=actor, answers=answers or GOOD)
    services.score_qualification(lead=lead)
    return lead


def make_qualified_lead(actor: User, **fields: Any) -> Lead:
    lead = answered(make_lead(actor, **{**PACKAGE, **fields}), actor)
    return services.qualify_lead(lead=lead, version=lead.version, actor=actor)


def make_handoff(sender: User, receiver: User, **fields: Any) -> Handoff:
    lead = make_qualified_lead(sender, **fields)
    return services.submit_handoff(lead=lead, to_user=receiver, version=lead.version, actor=sender)


def make_pool(*members: tuple[User, int, int | None], name: str = "Turn") -> RoutingPool:
    """(user, weight, capacity in 30 days) each, in order; the default pool."""
    ensure_leads()
    pool = RoutingPool.objects.get(is_default=True)
    rows = [{"user": user, "weight": weight, "monthly_capacity": limit} for user, weight, limit in members]
    return services.set_members(pool=pool, members=rows, actor=None)


def make_template(actor: User, name: str = "Hello", **fields: Any) -> MessageTemplate:
    fields.setdefault("subject", "A question for {company}")
    fields.setdefault("body", "Dear {first_name} {last_name},\n\nmay I call you?\n\n{sender}")
    return services.create_template(actor=actor, name=name, **fields)


def make_sequence(actor: User, *steps: tuple[int, str], name: str = "First steps", **fields: Any) -> Sequence:
    """An active sequence; each step is (day, kind). Mails all say the same."""
    sequence = services.create_sequence(actor=actor, name=name, **fields)
    template = make_template(actor, name=f"{name}: hello")
    rows = [
        {"day_offset": day, "kind": kind, "template": template} if kind == "email"
        else {"day_offset": day, "kind": kind, "subject": f"The {kind} of day {day}"}
        for day, kind in steps or ((0, "email"), (3, "email"))
    ]  # fmt: skip
    sequence = services.set_steps(sequence=sequence, steps=rows, version=None, actor=actor)
    return services.activate_sequence(sequence=sequence, version=None, actor=actor)


def enrolled(sequence: Sequence, lead: Lead, actor: User) -> Enrollment:
    return services.enroll(sequence=sequence, leads=[lead], actor=actor).enrollments[0]
