"""The Run Tester: runs scenarios on the real interpreter, verdicts and templates, in a simulated shop without I/O."""
