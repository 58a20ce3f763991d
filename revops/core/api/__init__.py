"""The API's one set of rules, the same for every resource."""
