#!/usr/bin/env python
"""Django's command line; with no DATABASE_URL it runs against the embedded PostgreSQL and Valkey of var/."""

import os
import sys

from django.core.management import execute_from_command_line

WITHOUT_SERVICES = {"help", "version", "makemessages", "compilemessages", "collectstatic", "spectacular", "check"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_SERVICES and not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        start_services()
    execute_from_command_line(sys.argv)


def start_services() -> None:
    from revops import embedded  # noqa: PLC0415 - production installs need not have the wheels' servers

    embedded.ensure()


if __name__ == "__main__":
    main()
