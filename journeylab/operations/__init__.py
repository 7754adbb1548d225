"""What will sell, and what to order when."""
