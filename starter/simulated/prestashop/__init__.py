"""A simulated shop on PrestaShop."""
