"""A simulated shop on Magento."""
