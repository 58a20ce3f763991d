"""Pages of forecast, dashboard, My day and compensation."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from forecasting.views import dashboard, earn, forecast, goals, my_day, plans, sales, statements

urlpatterns: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="my-day"), name="home"),
    path("my-day/", my_day.my_day, name="my-day"),
    path("my-day/log/", my_day.log, name="my-day-log"),
    path("my-day/changes/", my_day.changes, name="my-day-changes"),
    path("my-day/put-off/", my_day.put_off, name="my-day-put-off"),
    path("my-day/<int:pk>/done/", my_day.done, name="my-day-done"),
    path("my-day/<int:pk>/later/", my_day.later, name="my-day-later"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/booked/", dashboard.BookedRows.as_view(), name="dashboard-booked"),
    path("dashboard/funnel/", dashboard.FunnelRows.as_view(), name="dashboard-funnel"),
    path("analytics/sales/", sales.sales_page, name="sales"),
    path("analytics/sales/rows/", sales.SalesRows.as_view(), name="sales-rows"),
    path("leads/plan/", goals.plan, name="lead-plan"),
    path("leads/plan/new/", goals.new, name="goal-new"),
    path("leads/plan/goals/<int:pk>/", goals.detail, name="goal-detail"),
    path("leads/plan/goals/<int:pk>/edit/", goals.edit, name="goal-edit"),
    path("leads/plan/goals/<int:pk>/parts/", goals.break_down, name="goal-parts"),
    path("leads/plan/goals/<int:pk>/delete/", goals.delete, name="goal-delete"),
    path("leads/plan/goals/<int:pk>/leads/", goals.GoalLeads.as_view(), name="goal-leads"),
    path("forecast/", forecast.forecast_page, name="forecast"),
    path("forecast/rows/", forecast.ForecastRows.as_view(), name="forecast-rows"),
    path("forecast/quotas/", forecast.QuotaRows.as_view(), name="forecast-quotas"),
    path("comp/statements/", statements.StatementList.as_view(), name="statement-list"),
    path("comp/statements/me/", statements.me, name="statement-me"),
    path("comp/statements/me/card/", earn.earned, name="earned-so-far"),
    path("comp/statements/running/<int:payee>/", statements.running, name="statement-running"),
    path("comp/statements/<int:pk>/", statements.detail, name="statement-detail"),
    path("comp/statements/<int:pk>/acknowledge/", statements.acknowledge, name="statement-acknowledge"),
    path("comp/statements/<int:pk>/publish/", statements.publish, name="statement-publish"),
    path("comp/plans/", plans.plans, name="plan-list"),
    path("comp/plans/assignments/<int:pk>/sign/", plans.sign, name="plan-sign"),
    path("opportunities/<int:pk>/earn/", earn.earn, name="opportunity-earn"),
]
