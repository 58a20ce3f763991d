"""Deals by the id that another system gives them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from opportunities.models import Opportunity
from opportunities.services.opportunities import create_opportunity, update_opportunity
from revops.core import upserts
from revops.core.errors import InvalidInput
from revops.users.models import User


@transaction.atomic
def upsert_opportunity(
    *, system: str, external_id: str, actor: User, version: int | None = None, stage: str | None = None, **fields: Any
) -> tuple[Opportunity, bool]:
    """Create or change the deal that `system` knows as `external_id`; says whether it was created.

    `stage` is where a new one begins. Of one that exists it must be where it stands: a deal moves by its own verbs.
    """

    def create() -> Opportunity:
        return create_opportunity(actor=actor, stage=stage, reference=(system, external_id), **fields)

    def change(deal: Opportunity) -> Opportunity:
        if stage is not None and stage != deal.stage.key:
            raise InvalidInput.of(stage=_("A deal moves by “advance” and “close”."))
        return update_opportunity(opportunity=deal, version=version, actor=actor, **fields)

    return upserts.upsert(
        model=Opportunity, system=system, external_id=external_id, version=version, actor=actor,
        create=create, change=change,
    )  # fmt: skip
