"""The errors that an operator or developer sees: each says in a line or two what is wrong."""


class TandemError(Exception):
    """Something that the reader can mend; anything else that is raised is a bug."""

    def report(self) -> str:
        """What is wrong, where, and what would be right, in plain lines."""
        return str(self)
