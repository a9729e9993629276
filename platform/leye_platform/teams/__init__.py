"""Teams and their leaders."""
