"""Shopify: its webhooks in storefront facts, and its addresses."""
