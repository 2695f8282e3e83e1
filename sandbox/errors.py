"""The one error that reaches a person at the command line."""


class SandboxError(Exception):
    """Something that the user can correct: its text is one line that says how. The command ends with exit code 2."""
