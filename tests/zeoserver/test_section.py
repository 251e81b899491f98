"""What an operator sees of a <durablestorage> in zeo.conf."""

from collections.abc import Callable
from pathlib import Path

from ZODB.config import storageFromString

from tandem.zeoserver.storage import INDEX_EVERY, DurableStorage
from tests.zeoserver.server import DEADLINE, Server


def section(folder: Path, options: str = "") -> str:
    return f"""
        %import tandem.zeoserver
        <durablestorage 1>
          path {folder / "Data.fs"}
          {options}
        </durablestorage>
        """


def what_it_says(server: Server) -> list[str]:
    with server.launch() as process:
        try:
            _, errors = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert process.returncode == 1
    return errors.splitlines()


def test_options_of_filestorage_reach_it(tmp_path: Path) -> None:
    options = "pack-gc false\npack-keep-old false\nquota 5MB\nindex-every 1MB"
    storage = storageFromString(section(tmp_path, options))
    assert isinstance(storage, DurableStorage)
    assert (storage._pack_gc, storage.pack_keep_old) == (False, False)
    assert (storage._quota, storage._index_every) == (5 * 2**20, 2**20)
    storage.close()


def test_the_section_has_the_default_of_the_class(tmp_path: Path) -> None:
    storage = storageFromString(section(tmp_path))
    assert storage._index_every == INDEX_EVERY
    storage.close()


def test_a_packer_of_ones_own_can_be_named(tmp_path: Path) -> None:
    storage = storageFromString(section(tmp_path, "packer os.path:join"))
    assert storage.packer.__name__ == "join"
    storage.close()


def test_a_second_server_says_in_one_line_who_has_the_storage(
    serve: Callable[[str], Server], tmp_path: Path
) -> None:
    first = serve("durablestorage")
    assert first.process is not None
    (tmp_path / "second").mkdir()
    second = Server(tmp_path / "second", data_folder=tmp_path)
    assert what_it_says(second) == [
        f"{first.data} is in use by process {first.process.pid}: only one process may write to it"
    ]


def test_a_skip_that_cannot_be_kept_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "Data.fs.oids.new").mkdir()
    (line,) = what_it_says(Server(tmp_path))
    assert line.startswith(f"{tmp_path / 'Data.fs'} can't be opened: ")
    assert str(tmp_path / "Data.fs.oids.new") in line


def test_something_else_than_a_data_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "Data.fs").write_text("not at all\n" * 100)
    (line,) = what_it_says(Server(tmp_path))
    assert line.startswith(f"{tmp_path / 'Data.fs'} can't be opened: ")
