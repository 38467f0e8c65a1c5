"""One mail as it arrived: whether receivers believe it, and can unsubscribe by it."""
