"""Guides: written as a draft, published as versions that never change, asked about, and read before work goes on."""
