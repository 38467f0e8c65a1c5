"""A simulated shop on Shopify."""
