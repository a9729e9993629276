"""Job runners, the command line, the supervisor and the demo: the floor that wires all others."""
