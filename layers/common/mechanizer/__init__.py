"""Emergency GitLab licenses: the package behind every function."""
