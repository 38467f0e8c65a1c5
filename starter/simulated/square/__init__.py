"""A simulated shop on Square."""
