"""Every write of this room."""

from forecasting.services.calculation import calculate_commissions, calculate_order, calculate_payee
from forecasting.services.calculation_job import start_calculation
from forecasting.services.credits import measure_order, measure_period
from forecasting.services.day import log_line, put_off
from forecasting.services.periods import (
    close_period,
    ensure_month,
    ensure_periods,
    lock_period,
    open_due_periods,
    open_period,
    put_in_review,
    reopen_period,
    start_calculating,
)
from forecasting.services.plans import (
    activate_plan_version,
    approve_plan_version,
    assign_plan,
    create_plan,
    create_plan_version,
    end_assignment,
    retire_plan_version,
    set_components,
    sign_assignment,
    start_due_assignments,
    submit_plan_version,
    update_plan,
    update_plan_version,
)
from forecasting.services.quotas import activate_quota, approve_quota, create_quota, propose_quota, update_quota
from forecasting.services.releases import release_holds
from forecasting.services.statements import (
    acknowledge_statement,
    close_reviewed_period,
    prepare_statement,
    publish_month,
    publish_statement,
    review_period,
)

__all__ = [
    "log_line",
    "put_off",
    "acknowledge_statement",
    "activate_plan_version",
    "activate_quota",
    "approve_plan_version",
    "approve_quota",
    "assign_plan",
    "calculate_commissions",
    "calculate_order",
    "calculate_payee",
    "close_reviewed_period",
    "close_period",
    "create_plan",
    "create_plan_version",
    "create_quota",
    "end_assignment",
    "ensure_month",
    "ensure_periods",
    "lock_period",
    "measure_order",
    "measure_period",
    "open_due_periods",
    "open_period",
    "prepare_statement",
    "propose_quota",
    "publish_month",
    "publish_statement",
    "put_in_review",
    "release_holds",
    "reopen_period",
    "retire_plan_version",
    "review_period",
    "set_components",
    "sign_assignment",
    "start_calculating",
    "start_calculation",
    "start_due_assignments",
    "submit_plan_version",
    "update_plan",
    "update_plan_version",
    "update_quota",
]
