"""Versions of a conversation: saving, publishing and comparing them."""
