"""SMS: what all HTTP providers of it have in common, and a file for each."""
