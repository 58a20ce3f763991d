"""From first sign of interest to the handoff."""
