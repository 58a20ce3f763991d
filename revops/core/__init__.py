"""What every app stands on: money, status changes, audit, scope, outbox, jobs, lists, API base."""
