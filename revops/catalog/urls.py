from django.urls import URLPattern, path

from revops.catalog import views

urlpatterns: list[URLPattern] = [
    path("products/", views.ProductList.as_view(), name="product-list"),
    path("products/<int:pk>/", views.product, name="product-detail"),
    path("price-books/", views.PriceBookList.as_view(), name="price-book-list"),
    path("price-books/<int:pk>/", views.PriceList.as_view(), name="price-book-detail"),
]
