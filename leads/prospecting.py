"""What sequences add to the frame: rights, hand-over, merge decisions, what people are told."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from leads import services
from leads.models import ContactPolicy, Enrollment, Sequence
from revops.core.registries import Holding, MergeRelation, hand_over, merge_relations
from revops.users import roles
from revops.users.registries import NoticeKind, notice_kinds


def register() -> None:
    """Called once, when the app is ready."""
    notice_kinds.register(NoticeKind("sequence.replied", _("Somebody answers a mail of mine"), icon="mail", order=34))
    notice_kinds.register(NoticeKind("mail.failed", _("A mail of mine did not arrive"), icon="mail-off", order=35))
    for side in ("lead", "contact"):
        # In a sequence that both are in, the winner goes on; the other ends with the next step.
        merge_relations.register(MergeRelation(f"leads.enrollment.{side}"))
        merge_relations.register(MergeRelation(f"leads.contactpolicy.{side}", rank=_strictest))
    hand_over.register(
        Holding(
            "sequences",
            _("Sequences"),
            lambda user: Sequence.objects.exclude(status=Sequence.Status.ARCHIVED).filter(owner=user),
            services.hand_over_sequences,
            order=24,
        )
    )
    hand_over.register(
        Holding(
            "enrollments",
            _("People in sequences"),
            lambda user: Enrollment.objects.running().filter(sender=user),
            services.hand_over_enrollments,
            order=25,
        )
    )
    _grant()


def _strictest(policy: ContactPolicy) -> Any:
    """An objection outlives every merge."""
    return policy.do_not_contact_at is not None, policy.updated_at


def _grant() -> None:
    sdr, rep, manager, admin = roles.SDR, roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN
    workers = (sdr, rep, manager, admin)
    seen = ("sequence", "messagetemplate", "enrollment", "sentmessage", "receivedmessage", "contactpolicy")
    roles.grant_all(workers, *(f"leads.view_{name}" for name in seen))
    roles.grant_all(workers, "leads.add_enrollment", "leads.change_enrollment", "leads.change_contactpolicy")
    roles.grant_all(workers, "leads.add_sentmessage")
    roles.grant_all((sdr, manager, admin), *roles.manage("leads", "sequence", "messagetemplate"))
    roles.grant(admin, "leads.manage_mail")
