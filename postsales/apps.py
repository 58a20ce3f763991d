from django.apps import AppConfig


class PostsalesConfig(AppConfig):
    name = "postsales"
    label = "postsales"
    verbose_name = "Post-sales"

    def ready(self) -> None:
        from postsales import holdings, notices, panels, search, webhooks  # noqa: PLC0415
        from postsales.homes import register_homes  # noqa: PLC0415
        from revops.users import roles  # noqa: PLC0415

        register_homes()
        holdings.register()
        notices.register()
        panels.register()
        webhooks.register()
        search.register()
        workers = (
            roles.SUPPORT,
            roles.SDR,
            roles.SALES_REP,
            roles.SALES_MANAGER,
            roles.SALES_ENGINEER,
            roles.REVOPS_ADMIN,
        )
        roles.grant_all(roles.ROLES, "postsales.view_supportcase")
        roles.grant_all(workers, *roles.manage("postsales", "supportcase"))
        roles.grant_all(
            (roles.REVOPS_ADMIN,),
            *roles.manage("postsales", "slapolicy"),
            *roles.manage("postsales", "slatarget", delete=True),
            "postsales.view_slabreach",
        )
