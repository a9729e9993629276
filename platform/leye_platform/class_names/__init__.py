"""What a partner's deliveries call the classes of a project."""
