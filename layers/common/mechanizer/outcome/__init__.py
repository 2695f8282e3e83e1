"""What has become of a request, what happens next, and what people are notified of."""
