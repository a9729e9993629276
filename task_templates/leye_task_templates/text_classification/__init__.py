"""Text classification: read one or more texts, choose one class or several."""
