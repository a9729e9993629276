"""Named entities: read a text, mark the words that name something, and say what kind of thing."""
