"""A person's own pages: tokens, notifications."""
