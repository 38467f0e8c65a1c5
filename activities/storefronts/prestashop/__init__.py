"""PrestaShop: its webservice. The core sends no webhooks, so there is no adapter of any."""
