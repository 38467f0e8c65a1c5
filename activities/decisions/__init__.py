"""Decides by criteria: what is known about a contact, a product and an alert, and whether criteria hold for it."""
