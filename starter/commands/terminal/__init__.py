"""The terminal as all commands use it: asking, answers and failures in words or JSON, a yes before an act."""
