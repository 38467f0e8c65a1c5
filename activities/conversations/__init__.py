"""Conversations without an alert: who enters them, what their journeys hear of, and what they note about a contact."""
