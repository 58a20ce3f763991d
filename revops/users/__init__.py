"""People, teams, roles, reach, tokens and working calendars."""
