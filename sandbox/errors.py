"""The one error that a person at the command line sees."""


class SandboxError(Exception):
    """Something the user can mend: its text is one line that says what to do. The command ends with exit code 2."""
