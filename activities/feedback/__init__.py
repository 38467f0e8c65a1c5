"""What providers tell back, applied: events of messages, refusals, engagement, and texts that people write."""
