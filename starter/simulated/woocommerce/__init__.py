"""A simulated shop on WooCommerce."""
