"""What each function does, in the steps that its handler names."""
