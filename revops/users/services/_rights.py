"""Who may change whom."""

from django.utils.translation import gettext as _

from revops.core.errors import NotAllowed
from revops.core.scope import require
from revops.users.models import User


def may_change(actor: User | None, user: User) -> None:
    """Who administers people does not reach above: a superuser is changed by superusers only."""
    if actor is None:
        return
    require(actor, "users.change_user")
    if user.is_superuser and not actor.is_superuser:
        raise NotAllowed(_("Only a superuser may change a superuser."))
