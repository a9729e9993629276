"""One file that holds an installation: its database, its objects and its keys."""
