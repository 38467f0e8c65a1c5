"""Shopify: its webhooks in storefront facts, its addresses and its limits."""
