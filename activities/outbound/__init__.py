"""HTTP to servers of other people: which of their addresses may be called, and how long they want to be left alone."""
