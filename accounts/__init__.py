"""Companies, people at them, and what we do with them."""
