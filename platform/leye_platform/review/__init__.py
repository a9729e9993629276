"""Decisions and review."""
