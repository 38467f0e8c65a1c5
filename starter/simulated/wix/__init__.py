"""A simulated shop on Wix."""
