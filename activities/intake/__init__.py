"""What comes in: events, orders and list membership, each recorded once in one transaction with what it leads to."""
