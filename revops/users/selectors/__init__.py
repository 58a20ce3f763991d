"""What is asked about people and what they are told."""

from revops.users.selectors.notices import language_of, notification_list, unread_count
from revops.users.selectors.people import (
    away,
    chain_above,
    manager_of,
    managers_above,
    parents_on,
    people_of,
    reach_ids_of,
    team_list,
    team_of,
    teams_below,
    token_list,
    user_list,
)

__all__ = [
    "away",
    "chain_above",
    "language_of",
    "manager_of",
    "managers_above",
    "notification_list",
    "parents_on",
    "people_of",
    "reach_ids_of",
    "team_list",
    "team_of",
    "teams_below",
    "token_list",
    "unread_count",
    "user_list",
]
