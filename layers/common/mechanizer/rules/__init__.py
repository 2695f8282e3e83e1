"""The rules: what a valid request is, who is eligible, what a license is. Pure functions."""
