"""Organisations, people, roles, sign-in and tokens."""
