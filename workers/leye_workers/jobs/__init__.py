"""Background jobs: thin calls of the platform's services, one file for each feature that asks for them."""
