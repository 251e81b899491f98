"""zc.buildout as a reader: quick to import, and whole where it builds."""

import subprocess
import sys


def imported(program: str) -> list[str]:
    """The modules of pip's index that a program has imported that ends by printing them."""
    shown = f"import sys\n{program}\nprint(*(name for name in sys.modules if 'pip._' in name))"
    done = subprocess.run((sys.executable, "-c", shown), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_who_reads_a_description_imports_nothing_of_pip() -> None:
    assert imported("import tandem.description") == []


def test_where_zc_buildout_builds_it_has_all_of_pip_that_it_takes() -> None:
    whole = imported("import zc.buildout.buildout")
    assert "pip._internal.index.collector" in whole
    assert imported("import zc.buildout.buildout, tandem.description") == whole


def test_pip_can_be_imported_after_a_description_was_read() -> None:
    program = "import tandem.description, pip._internal.index.collector"
    assert "pip._internal.index.collector" in imported(program)
