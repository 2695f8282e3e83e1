"""What can be made to fail."""
