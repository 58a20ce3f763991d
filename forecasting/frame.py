"""What forecast, dashboard and My day add to the frame."""

from django.utils.translation import gettext_lazy as _

from revops.core.registries import Command, NavItem, commands, navigation


def register() -> None:
    """Navigation and commands; called when the app is ready."""
    navigation.register(NavItem("my_day", _("My day"), "my-day", "sun-high", order=10, shortcut="d", phone=True))
    navigation.register(NavItem("forecast", _("Forecast"), "forecast", "chart-line", order=80, shortcut="f"))
    navigation.register(NavItem("reports", _("Reports"), "dashboard", "chart-bar", order=110, shortcut="t"))
    commands.register(Command("dashboard", _("Dashboard"), "dashboard", "chart-bar"))
    commands.register(Command("sales", _("Sales by month, product, region"), "sales", "chart-bar", "orders.view_order"))
    commands.register(
        Command("lead-plan", _("Plan of qualified leads"), "lead-plan", "target-arrow", "forecasting.view_goal", 28)
    )
    commands.register(Command("forecast", _("Forecast of the quarter"), "forecast", "chart-line"))
