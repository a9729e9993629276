"""The site, the APIs, and who may do what and who is owed what."""
