"""Periods, quotas, compensation, forecast."""

from forecasting.models.compensation import Component, CompPlan, PlanAssignment, PlanVersion, Tier
from forecasting.models.credits import Credit
from forecasting.models.day import PutOff
from forecasting.models.forecast import PipelineSnapshot
from forecasting.models.goals import Goal, GoalProgress
from forecasting.models.ledger import CommissionRun, LedgerEntry
from forecasting.models.periods import FiscalPeriod
from forecasting.models.quotas import Quota
from forecasting.models.statements import Statement, StatementLine

__all__ = [
    "CommissionRun",
    "CompPlan",
    "Component",
    "Credit",
    "FiscalPeriod",
    "Goal",
    "GoalProgress",
    "LedgerEntry",
    "PipelineSnapshot",
    "PlanAssignment",
    "PlanVersion",
    "PutOff",
    "Quota",
    "Statement",
    "StatementLine",
    "Tier",
]
