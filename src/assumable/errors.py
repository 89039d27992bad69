"""The exceptions that front ends turn into one clear line and an exit code."""


class AssumableError(Exception):
    """Root of every error that the package raises on purpose."""

    exit_code = 70


class InputError(AssumableError):
    """Something that the user gave cannot be read: what, where, and how to mend it."""

    exit_code = 2

    def __init__(self, message: str, where: str = "", help_text: str = "") -> None:
        """Keep the three parts apart, so that a front end can lay them out."""
        self.message, self.where, self.help_text = message, where, help_text
        super().__init__(message)

    def __str__(self) -> str:
        """`where: message (help)` on one line."""
        line = f"{self.where}: {self.message}" if self.where else self.message
        return f"{line} ({self.help_text})" if self.help_text else line


class UnreadableError(AssumableError):
    """The world could not be read at all: AWS or the network refused."""

    exit_code = 4
