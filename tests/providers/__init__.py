"""What providers send, and who is believed: one suite over all of them."""
