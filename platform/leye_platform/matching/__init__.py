"""What people can and want to do (sealed), and measured skill."""
