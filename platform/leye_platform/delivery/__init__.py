"""Lots and acceptance."""
