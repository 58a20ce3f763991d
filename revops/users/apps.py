from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "revops.users"
    label = "users"
    verbose_name = "Users"

    def ready(self) -> None:
        from revops.core import acting, context, jobs, scope  # noqa: PLC0415  models are not ready at import time
        from revops.users import holdings, roles, selectors, services  # noqa: PLC0415
        from revops.users.registries import NoticeKind, notice_kinds  # noqa: PLC0415
        from revops.users.services import offboarding  # noqa: PLC0415
        from revops.users.shares import refuse_reader  # noqa: PLC0415

        scope.provide_reach(selectors.reach_ids_of)
        context.provide_unread(selectors.unread_count)
        holdings.register()
        acting.provide_guard(refuse_reader)
        jobs.on_end(services.tell_job_ended)
        jobs.register(
            offboarding.KIND, jobs.JobKind(step=services.step_offboarding, cancel=services.cancel_offboarding)
        )
        notice_kinds.register(
            NoticeKind("offboarding.received", _("Records of somebody who leaves are given to me"), order=15)
        )
        notice_kinds.register(
            NoticeKind("record.shared", _("A record is shared with me"), mail="now", icon="share", order=14)
        )
        notice_kinds.register(NoticeKind("job.done", _("A job of mine is finished"), mail="none", order=10))
        notice_kinds.register(
            NoticeKind("job.failed", _("A job of mine has failed"), mail="now", icon="alert-circle", order=11)
        )
        roles.grant(
            roles.REVOPS_ADMIN,
            *roles.manage(
                "users", "user", "team", "teamplacement", "teammembership", "absence", "workingcalendar",
                "workinghours", "holiday", delete=True,
            ),
            "users.view_apitoken",
            "users.change_apitoken",
            "users.view_notification",
            "users.view_offboardingrun",
            "auth.view_group",
            *roles.manage("core", "organisation", "legalentity", "exchangerate", "delivery", "jobrun"),
            "core.view_auditentry",
            "core.view_outboxevent",
            "core.view_mergerecord",
            "core.view_numberseries",
            "core.manage_custom_fields",
        )  # fmt: skip
        sharers = (roles.SALES_MANAGER, roles.REVOPS_ADMIN, roles.DEAL_DESK, roles.FINANCE, roles.EXECUTIVE)
        roles.grant_all(sharers, "core.share_savedview")
        roles.grant(roles.REVOPS_ADMIN, "core.manage_savedview", "core.view_savedview")
        roles.grant(roles.FINANCE, *roles.manage("core", "exchangerate"))
