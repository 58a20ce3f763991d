"""Core's models."""

from revops.core.models.base import (
    BaseModel,
    ExternalRef,
    Stamped,
    currency_field,
    money_field,
    percent_field,
    price_field,
    unique_external_ref,
)
from revops.core.models.bulk import BulkRow
from revops.core.models.custom import CustomData, CustomField
from revops.core.models.merging import Mergeable, MergeMove, MergeRecord, alias_triggers, merge_rules
from revops.core.models.organisation import ExchangeRate, LegalEntity, NumberSeries, Organisation
from revops.core.models.records import AuditEntry, Delivery, IdempotencyKey, JobRun, OutboxEvent
from revops.core.models.runs import TaskRun
from revops.core.models.search import SearchWord, search_field, search_indexes
from revops.core.models.views import SavedView, ViewChoice

__all__ = [
    "AuditEntry",
    "BaseModel",
    "BulkRow",
    "CustomData",
    "CustomField",
    "Delivery",
    "ExchangeRate",
    "ExternalRef",
    "IdempotencyKey",
    "JobRun",
    "LegalEntity",
    "MergeMove",
    "MergeRecord",
    "Mergeable",
    "NumberSeries",
    "Organisation",
    "OutboxEvent",
    "SavedView",
    "SearchWord",
    "Stamped",
    "TaskRun",
    "ViewChoice",
    "alias_triggers",
    "currency_field",
    "merge_rules",
    "money_field",
    "percent_field",
    "price_field",
    "search_field",
    "search_indexes",
    "unique_external_ref",
]
