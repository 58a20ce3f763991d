"""Quotas, compensation, forecasts, metrics and dashboards."""
