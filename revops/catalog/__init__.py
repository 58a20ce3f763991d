"""What we sell: products, families, price books, costs, bundles."""
