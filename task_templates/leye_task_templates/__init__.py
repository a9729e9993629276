"""Task types, one folder each, and the reading of label configs that they share."""
