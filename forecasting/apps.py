from django.apps import AppConfig


class ForecastingConfig(AppConfig):
    name = "forecasting"
    label = "forecasting"
    verbose_name = "Forecasting"

    def ready(self) -> None:
        """Fill the registries: roles, events, jobs, navigation, panels."""
        from forecasting import frame, holdings, panels, search, territories, webhooks  # noqa: PLC0415
        from forecasting.handlers import compensation  # noqa: PLC0415
        from forecasting.services import calculation_job  # noqa: PLC0415
        from orders.events import OrderBooked, OrderCancelled  # noqa: PLC0415
        from revops.core import jobs, outbox  # noqa: PLC0415
        from revops.users import roles  # noqa: PLC0415

        frame.register()
        panels.register()
        territories.register()
        holdings.register()
        search.register()
        webhooks.register()
        outbox.subscribe(OrderBooked, compensation.order_booked)
        outbox.subscribe(OrderCancelled, compensation.order_cancelled)
        jobs.register(
            calculation_job.KIND,
            jobs.JobKind(step=calculation_job.step_calculation, queue="money"),
        )

        pay = ("forecasting.view_all_compensation", "forecasting.manage_periods", "forecasting.reopen_period")
        roles.grant(roles.COMPENSATION_ADMIN, *pay, "forecasting.manage_compensation", "forecasting.manage_quotas")
        roles.grant(roles.FINANCE, *pay)
        keepers = (roles.REVOPS_ADMIN, roles.COMPENSATION_ADMIN)
        roles.grant_all((*keepers, roles.FINANCE), "forecasting.view_fiscalperiod")
        roles.grant_all(keepers, *roles.manage("forecasting", "quota"))
        roles.grant_all((roles.REVOPS_ADMIN, roles.SALES_MANAGER), "forecasting.manage_quotas")
        roles.grant_all((roles.REVOPS_ADMIN, roles.EXECUTIVE, roles.FINANCE), "forecasting.approve_quota")
        setters = (roles.REVOPS_ADMIN, roles.SALES_MANAGER, roles.EXECUTIVE)
        roles.grant_all(setters, *roles.manage("forecasting", "goal"))
        roles.grant_all((roles.SDR, roles.SALES_REP), "forecasting.view_goal")
