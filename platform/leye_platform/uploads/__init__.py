"""Files that come in parts, and go on after a dead network, a reload or a killed server."""
