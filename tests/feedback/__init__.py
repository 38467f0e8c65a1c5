"""What follows from what providers tell, in a real PostgreSQL."""
