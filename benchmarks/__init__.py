"""How fast the product is, beside the same work done barely: `make bench SCALE=100000`. Not part of `make test`."""
