"""The commands: run, serve and verify."""
