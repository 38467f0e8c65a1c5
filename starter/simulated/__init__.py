"""Simulated shops, one of each platform: their APIs, what they send, and how they live. For the demo, for tests, and
for whoever has no shop at hand. Nothing that runs for a real shop knows of them, and they know nothing of the adapters,
so that a mistake in one cannot agree with itself.
"""
