"""Messages looked at before they reach anybody."""
