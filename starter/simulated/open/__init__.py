"""A simulated shop of its own making, which sends by the open API."""
