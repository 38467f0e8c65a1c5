"""Calls to the shop's own systems: what a conversation's webhook step sends."""
