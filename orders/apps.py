from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    label = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        from opportunities.events import OpportunityMoved, QuoteAccepted  # noqa: PLC0415  models are not ready at import
        from orders import guards, handlers, holdings, merges, notices, panels, search, webhooks  # noqa: PLC0415
        from orders.homes import register_homes  # noqa: PLC0415
        from revops.core import outbox  # noqa: PLC0415
        from revops.users import roles  # noqa: PLC0415

        outbox.subscribe(QuoteAccepted, handlers.book_accepted_quote)
        outbox.subscribe(OpportunityMoved, handlers.draft_order_when_won_by_hand)
        guards.register()
        register_homes()
        holdings.register()
        merges.register()
        notices.register()
        panels.register()
        webhooks.register()
        search.register()
        sellers = (roles.SALES_REP, roles.SALES_MANAGER, roles.REVOPS_ADMIN)
        roles.grant_all(sellers, "orders.add_order", "orders.change_order", "orders.book_order")
        deliverers = (roles.OPERATIONS_PLANNER, roles.FINANCE, roles.REVOPS_ADMIN)
        roles.grant_all(deliverers, "orders.view_all_orders", "orders.fulfil_order")
        roles.grant_all((roles.FINANCE, roles.REVOPS_ADMIN), "orders.view_all_billing", "orders.book_without_quote")
        roles.grant(
            roles.FINANCE,
            "orders.issue_invoice", "orders.add_payment", "orders.book_order", "orders.change_order",
        )  # fmt: skip
        documents = ("order", "invoice", "payment", "creditnote", "fulfillment")
        readers = (*sellers, *deliverers, roles.EXECUTIVE, roles.DEAL_DESK, roles.SUPPORT, roles.SALES_ENGINEER)
        roles.grant_all(tuple(dict.fromkeys(readers)), *(f"orders.view_{name}" for name in documents))
        roles.grant(roles.SDR, "orders.view_order")
