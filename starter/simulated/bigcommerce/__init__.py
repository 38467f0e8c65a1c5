"""A simulated shop on BigCommerce."""
