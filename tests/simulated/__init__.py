"""What stands in for the outside world in tests; each passes the conformance suite of the real one."""
