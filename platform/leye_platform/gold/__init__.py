"""Gold made of decided items, so that it does not run out (docs/decisions/0023)."""
