"""For mypy: `request.user` is a User.

The stubs say "User | AnonymousUser", and every view would have to say again that somebody is signed in. That is not
left to types: tests/architecture/test_every_address_is_guarded.py walks each address as nobody.
"""

from collections.abc import Callable

from mypy.nodes import TypeInfo
from mypy.plugin import AttributeContext, Plugin
from mypy.types import Instance, Type
from mypy_django_plugin.lib import helpers

USER = "revops.users.models.people.User"
REQUESTS = {"django.http.request.HttpRequest.user", "rest_framework.request.Request.user"}


def _user(context: AttributeContext) -> Type:
    found = helpers.lookup_fully_qualified_typeinfo(helpers.get_typechecker_api(context), USER)
    return Instance(found, []) if isinstance(found, TypeInfo) else context.default_attr_type


class SignedIn(Plugin):
    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        return _user if fullname in REQUESTS else None


def plugin(version: str) -> type[Plugin]:
    return SignedIn
