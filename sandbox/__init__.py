"""Runs the real template, state machine and handlers on this machine, on an embedded AWS, without an account."""
