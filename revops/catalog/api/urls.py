from rest_framework.routers import SimpleRouter

from revops.catalog.api.views import FamilyViewSet, PriceBookViewSet, PriceViewSet, ProductViewSet

router = SimpleRouter(trailing_slash=False)
router.register("products", ProductViewSet, basename="api-products")
router.register("price-books", PriceBookViewSet, basename="api-price-books")
router.register(r"price-books/(?P<book>\d{1,18})/prices", PriceViewSet, basename="api-prices")
router.register("product-families", FamilyViewSet, basename="api-product-families")

urlpatterns = router.urls
