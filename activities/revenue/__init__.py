"""What messages earned."""
