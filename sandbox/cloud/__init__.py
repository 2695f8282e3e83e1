"""The embedded AWS: the stack from template.yaml, and what moto lacks of the services."""
