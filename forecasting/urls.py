"""Pages of forecast, dashboard, My day and compensation."""

from django.urls import URLPattern, path
from django.views.generic import RedirectView

from forecasting.views import dashboard, forecast, my_day

urlpatterns: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="my-day"), name="home"),
    path("my-day/", my_day.my_day, name="my-day"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/booked/", dashboard.BookedRows.as_view(), name="dashboard-booked"),
    path("dashboard/funnel/", dashboard.FunnelRows.as_view(), name="dashboard-funnel"),
    path("forecast/", forecast.forecast_page, name="forecast"),
    path("forecast/rows/", forecast.ForecastRows.as_view(), name="forecast-rows"),
    path("forecast/quotas/", forecast.QuotaRows.as_view(), name="forecast-quotas"),
]
