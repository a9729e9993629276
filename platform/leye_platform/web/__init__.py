"""Layout, components, translations and static modules."""
