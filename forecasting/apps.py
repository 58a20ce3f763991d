from django.apps import AppConfig


class ForecastingConfig(AppConfig):
    name = "forecasting"
    label = "forecasting"
    verbose_name = "Forecasting"

    def ready(self) -> None:
        """Fill the registries: roles, events, jobs, navigation, panels."""
        from revops.users import roles  # noqa: PLC0415

        pay = ("forecasting.view_all_compensation", "forecasting.manage_periods", "forecasting.reopen_period")
        roles.grant(roles.COMPENSATION_ADMIN, *pay, "forecasting.manage_compensation", "forecasting.manage_quotas")
        roles.grant(roles.FINANCE, *pay)
        roles.grant_all((roles.REVOPS_ADMIN, roles.SALES_MANAGER), "forecasting.manage_quotas")
        roles.grant_all((roles.REVOPS_ADMIN, roles.EXECUTIVE, roles.FINANCE), "forecasting.approve_quota")
