"""The interpreter of conversations: a pure state machine that knows neither Temporal nor PostgreSQL."""
