"""What the partner gets, in the partner's format."""
