"""The long jobs of this room that people wait for."""

from leads.services import duplicates, learning, partners, propensity
from revops.core import jobs


def register() -> None:
    """Called once, when the app is ready."""
    jobs.register(
        duplicates.SCAN,
        jobs.JobKind(
            step=duplicates.step_scan,
            finish=duplicates.finish_scan,
            cancel=duplicates.cancel_scan,
            queue="reports",
            keeps=True,
        ),
    )
    jobs.register(learning.KIND, jobs.JobKind(step=learning.step_training, queue="reports", keeps=True))
    jobs.register(propensity.KIND, jobs.JobKind(step=propensity.step_propensities, queue="leads", keeps=True))
    jobs.register(
        partners.KIND,
        jobs.JobKind(step=partners.step_delivery, finish=partners.finish_delivery, queue="leads", keeps=True),
    )
