"""The machine that walks a conversation: pure Python that knows neither Temporal nor PostgreSQL."""
