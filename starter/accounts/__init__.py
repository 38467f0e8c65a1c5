"""Who signs in to the console, by what, and what they may there."""
