"""What is handed over by HTTP, on any channel: one request, its answer, and what they mean."""
