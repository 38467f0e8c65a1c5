"""What providers tell back, by webhook: the protocol of their adapters, one file for each, and their registry."""
