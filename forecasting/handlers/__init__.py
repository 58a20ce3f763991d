"""What this room does when a lower room's event arrives."""
