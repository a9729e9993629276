"""The Label Studio-compatible face: a translation onto the services, with no business of its own."""
