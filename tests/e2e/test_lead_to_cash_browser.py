"""From lead to cash in the browser: each step by the person whose job it is, with the worker in between."""

import pytest

from tests.e2e.cash import Cash
from tests.e2e.conftest import PageAs, Watch
from tests.e2e.product import Product
from tests.e2e.sale import Sale
from tests.e2e.trade import open_for_business


class Path(Sale, Cash):
    """The whole way."""


@pytest.mark.spec("SD-12", "SD-13", "K2", "INV-74")
def test_lead_to_cash_in_the_browser(quiet: None, product: Product, page_as: PageAs, watch: Watch) -> None:
    watch.allow("status of 404")  # a statement is none of the SDR's business
    path = Path(open_for_business(), page_as)
    path.make_lead()
    path.suspect_a_twin()
    path.score()
    path.qualify_and_hand_off(first=True)
    path.reject()
    path.qualify_and_hand_off(first=False)
    path.accept()
    path.move()
    path.split()
    path.quote_needs_bob()
    path.olga_changes_the_limit()
    path.send_and_accept()
    path.fulfil()
    path.bill()
    path.help()
    path.earn()
    path.publish()
    path.read_statement(product.url)
    path.forecast()
    path.figures_open_their_rows()
