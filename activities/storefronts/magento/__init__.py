"""Adobe Commerce and Magento 2: its events and webhooks, and its REST API."""
