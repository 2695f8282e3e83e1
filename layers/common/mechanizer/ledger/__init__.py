"""What is known of each request, and how each effect is made once."""
