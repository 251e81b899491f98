"""What is wrong with a description, for the one who edits it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing to mend. ``option`` is empty where the whole section is meant."""

    section: str
    option: str
    sentence: str

    def __str__(self) -> str:
        where = f"[{self.section}] {self.option}" if self.option else f"[{self.section}]"
        return f"{where}: {self.sentence}"
