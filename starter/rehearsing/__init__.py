"""The Run Tester: scenarios lived by the real machine, verdicts and templates, in a simulated shop without I/O."""
