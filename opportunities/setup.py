"""The rows that a new organisation starts with. The administrator changes them; a second run leaves them alone."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from opportunities.models import ApprovalRule, Category, LossReason, Pipeline, Stage

# key, label, probability, category, required fields, days without activity before the board warns
OPEN_STAGES: tuple[tuple[str, str, int, Category, list[str], int], ...] = (
    ("engage", "Engage", 10, Category.PIPELINE, [], 10),
    ("discover_needs", "Discover needs", 20, Category.PIPELINE, [], 10),
    ("develop_proposal", "Develop proposal", 42, Category.BEST_CASE, [], 10),
    ("pitch", "Pitch", 55, Category.BEST_CASE, ["amount", "close_on"], 10),
    ("negotiate", "Negotiate", 75, Category.COMMIT, ["amount", "close_on"], 7),
)
LOSS_REASONS = ("Price", "A competitor", "No budget", "No decision", "Missing feature", "Bad timing")
APPROVAL_RULES: tuple[dict[str, Any], ...] = (
    {
        "name": "High revenue, low margin",
        "priority": 10,
        "min_amount": Decimal(250000),
        "margin_below": Decimal(30),
        "approvers": ["Deal desk", "Finance", "Executive"],
    },
    {"name": "Low margin", "priority": 20, "margin_below": Decimal(25), "approvers": ["manager"]},
)


@transaction.atomic
def ensure_pipeline() -> Pipeline:
    """The default pipeline with its stages, the loss reasons and the approval rules: made where they are missing."""
    pipeline = Pipeline.objects.filter(is_default=True).first()
    if pipeline is None:
        pipeline = Pipeline.objects.create(name="Sales", is_default=True)
        _make_stages(pipeline)
    if not LossReason.objects.exists():
        LossReason.objects.bulk_create([LossReason(label=label) for label in LOSS_REASONS])
    if not ApprovalRule.objects.exists():
        ApprovalRule.objects.bulk_create([ApprovalRule(**rule) for rule in APPROVAL_RULES])
    return pipeline


def _make_stages(pipeline: Pipeline) -> None:
    stages = [
        Stage(
            pipeline=pipeline,
            key=key,
            label=label,
            position=position,
            probability=Decimal(probability),
            category=category,
            requires=requires,
            quiet_days=quiet_days,
        )
        for position, (key, label, probability, category, requires, quiet_days) in enumerate(OPEN_STAGES, start=1)
    ]
    stages += [
        Stage(
            pipeline=pipeline,
            key="closed_won",
            label="Closed won",
            position=len(OPEN_STAGES) + 1,
            kind=Stage.Kind.WON,
            probability=Decimal(100),
            category=Category.CLOSED,
            requires=["amount"],
        ),
        Stage(
            pipeline=pipeline,
            key="closed_lost",
            label="Closed lost",
            position=len(OPEN_STAGES) + 2,
            kind=Stage.Kind.LOST,
            probability=Decimal(0),
            category=Category.OMITTED,
        ),
    ]
    Stage.objects.bulk_create(stages)
