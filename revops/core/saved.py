"""Saved views: kept, changed, shared, pinned, made one's default, removed."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Case, Max, Q, When
from django.utils.translation import gettext as _

from revops.core import audit
from revops.core.errors import InvalidInput, NotAllowed
from revops.core.models import SavedView, ViewChoice
from revops.core.places import list_places
from revops.core.scope import require
from revops.core.status import edit, lock

SHARE, MANAGE = "core.share_savedview", "core.manage_savedview"
MOST = 100  # views of one person on one list


@transaction.atomic
def create_view(
    *,
    actor: Any,
    place: str,
    layout: str,
    name: str,
    params: Mapping[str, Sequence[str]],
    sort: str = "",
    columns: Sequence[str] = (),
    shared: bool = False,
) -> SavedView:
    """Keep what a list shows under a name. Who makes it finds it pinned."""
    if shared:
        require(actor, SHARE, _("Your role may not share views."))
    if SavedView.objects.filter(owner=actor, place=place).count() >= MOST:
        raise InvalidInput.of(name=_("You have %(n)s views of this list: delete one first.") % {"n": MOST})
    view = SavedView(
        owner=actor, place=place, layout=layout, name=_named(actor, place, name), shared=shared,
        params={key: list(values) for key, values in params.items()}, sort=sort, columns=list(columns),
    )  # fmt: skip
    view.save(force_insert=True)
    audit.record("view.created", view, actor=actor, place=place, shared=shared)
    pin_view(view=view, pinned=True, actor=actor)
    return view


def _named(owner: Any, place: str, name: str, but: SavedView | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80 or "\x00" in name:
        raise InvalidInput.of(name=_("A view needs a name of up to 80 characters."))
    same = SavedView.objects.filter(owner=owner, place=place, name__iexact=name)
    if (same.exclude(pk=but.pk) if but else same).exists():
        raise InvalidInput.of(name=_("There is a view “%(name)s” already.") % {"name": name})
    return name


def may_change(view: SavedView, actor: Any) -> bool:
    """One's own; a shared one also by who looks after shared views."""
    return bool(view.owner_id == actor.pk or (view.shared and actor.has_perm(MANAGE)))


@transaction.atomic
def change_view(*, view: SavedView, version: int | None, actor: Any, **changes: Any) -> SavedView:
    """Its name, whether it is shared, or what it shows (params, sort, columns, layout)."""
    view = lock(view, version)
    if not may_change(view, actor):
        raise NotAllowed(_("Only its owner or an administrator may change this view. Save it as your own instead."))
    if "name" in changes:
        changes["name"] = _named(view.owner, view.place, changes["name"], but=view)
    if changes.get("shared") and not view.shared:
        require(actor, SHARE, _("Your role may not share views."))
    changed = edit(view, changes)
    if changed:
        audit.record("view.changed", view, actor=actor, changed=changed)
    if "shared" in changed and not view.shared:
        ViewChoice.objects.filter(view=view).exclude(person=view.owner).delete()
    return view


@transaction.atomic
def delete_view(*, view: SavedView, actor: Any) -> None:
    """Gone, also from the tabs of those who pinned it."""
    view = lock(view)
    if not may_change(view, actor):
        raise NotAllowed(_("Only its owner or an administrator may delete this view."))
    audit.record("view.deleted", view, actor=actor, place=view.place, params=view.params)
    view.delete()


@transaction.atomic
def pin_view(*, view: SavedView, pinned: bool, actor: Any) -> ViewChoice:
    """A tab above the list of who pins it, after the others."""
    choice = _choice(view, actor)
    if pinned and not choice.pinned:
        last = ViewChoice.objects.filter(person=actor, place=view.place, pinned=True).aggregate(last=Max("position"))
        choice.position = (last["last"] or 0) + 1
    choice.pinned = pinned
    choice.save()
    return choice


@transaction.atomic
def set_default(*, view: SavedView, default: bool, actor: Any) -> ViewChoice:
    """What a person sees first on this list."""
    choice = _choice(view, actor)
    others = ViewChoice.objects.filter(Q(person=actor, place=view.place, is_default=True)).exclude(pk=choice.pk)
    others.update(is_default=False)
    choice.is_default = default
    choice.save()
    return choice


def _choice(view: SavedView, actor: Any) -> ViewChoice:
    choice, _new = ViewChoice.objects.select_for_update().get_or_create(
        person=actor, view=view, defaults={"place": view.place}
    )
    return choice


def ways(user: Any) -> list[tuple[str, str, str]]:
    """(name, list, address) of the views that a person may open, one's own first: for the command menu."""
    mine = Case(When(owner=user, then=0), default=1)
    views = SavedView.objects.visible_to(user).order_by(mine, "name")[:MOST]
    found = [(view, list_places.get(view.place)) for view in views]
    return [(view.name, str(place.label), view.get_absolute_url()) for view, place in found if place]
