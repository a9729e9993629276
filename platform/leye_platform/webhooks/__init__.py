"""Telling a partner's own program what has happened."""
