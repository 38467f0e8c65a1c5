"""E-mail: the message as bytes, the SMTP dialogue, and the sender over a few kept connections."""
