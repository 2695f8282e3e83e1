"""What the sandbox shows in a browser."""
