"""What goes wrong in a set-up, said in one line: what it is, and what to do about it."""

import re
from pathlib import Path


class SetupError(Exception):
    """Something that the reader can mend; ``log``, if any, is where the details are."""

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.log = log

    def report(self) -> str:
        """What is wrong, what would be right, and where the details are."""
        return f"{self.sentence}\n  the details are in {self.log}" if self.log else self.sentence


# The first that is found in a command's output is its cause. What apt, uv, pip, Python and the
# kernel print; all of them are run with LC_ALL=C.
_CAUSES = (
    (
        r"No space left on device|Disk quota exceeded|don't have enough free space|os error 28",
        "the disk is full: make room and run it again",
    ),
    (
        r"(?m)^E: (?:Could not get lock|Unable to acquire|Unable to lock directory)",
        "another program is installing Debian packages: let it finish and run it again",
    ),
    (
        r"no trusted hash was provided for: `?([\w.-]+)",
        "requirements.txt has no pin for {}, which pyproject.toml asks for: run make pins",
    ),
    (
        r"([\w.-]+)(?:==\S+)? was not found in the provided package locations",
        "the wheelhouse has no wheel of {}: make it anew with make wheelhouse",
    ),
    (
        r"[Hh]ash mismatch for `?([\w.=-]+)",
        "what the package index serves as {} is not the file that requirements.txt pins:"
        " do not install it; ask where the index has it from",
    ),
    (
        r"Temporary failure (?:in name resolution|resolving)|[Dd]ns error|Could not resolve host"
        r"|Network is unreachable|Connection refused|[Cc]onnection timed out"
        r"|error sending request|[Ff]ailed to fetch|NewConnectionError|Could not connect"
        r"|network connectivity is disabled|\(from versions: none\)",
        "no network: the package index was not reached. Without one, set up from a folder of"
        " wheels: make setup WHEELHOUSE=FOLDER",
    ),
    (
        r"Unable to locate package ([\w.+-]+)|Package '?([\w.+-]+)'? has no installation candidate",
        "the Debian package {} is in none of this computer's package sources",
    ),
    (r"Permission denied.*|EACCES", "{}: run it as the owner of this checkout"),
)

_ERROR = re.compile(r"^\s*(?:\w+\.)*(?:\w*[Ee]rror|ERROR|E|fatal)\b: *", re.MULTILINE)
_MOST_LINES = 20


def cause(output: str) -> str:
    """Why a command failed, from what it printed; its own last error where nothing better is known.

    Buildout's errors stay whole: a wrong description has one line for each fault.
    """
    for pattern, sentence in _CAUSES:
        found = re.search(pattern, output)
        if found:
            return sentence.format(next((group for group in found.groups() if group), found[0]))
    errors = list(_ERROR.finditer(output))
    if errors:
        lines = output[errors[-1].end() :].strip().splitlines()
    else:
        lines = output.strip().splitlines()[-1:]
    return "\n".join(lines[:_MOST_LINES]) or "it said nothing"
