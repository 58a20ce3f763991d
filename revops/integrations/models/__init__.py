"""Models of this room."""

from revops.integrations.models.changes import SystemChangeRequest
from revops.integrations.models.imports import HeaderMapping, ImportRow, ImportRun
from revops.integrations.models.webhooks import Webhook, WebhookAttempt, WebhookMessage

__all__ = [
    "HeaderMapping",
    "ImportRow",
    "ImportRun",
    "SystemChangeRequest",
    "Webhook",
    "WebhookAttempt",
    "WebhookMessage",
]
