"""BigCommerce: its webhooks in storefront facts, its API, and its addresses."""
