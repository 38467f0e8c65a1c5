"""Wix: its webhooks in storefront facts, and its API."""
