"""What is known of shops, as people and storefronts tell it."""
