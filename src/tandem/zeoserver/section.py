"""What ZConfig makes of a <durablestorage> section."""

import logging
import pkgutil
from pathlib import Path
from typing import Any

from zc.lockfile import LockError
from ZODB.config import BaseConfig
from ZODB.POSException import StorageError

from tandem.errors import TandemError
from tandem.zeoserver.storage import DurableStorage

OPTIONS = ("blob_dir", "create", "read_only", "quota", "pack_gc", "pack_keep_old", "index_every")

logger = logging.getLogger(__name__)


class DurableStorageSection(BaseConfig):  # type: ignore[misc]  # ZODB has no types
    def open(self, *_: Any, **__: Any) -> DurableStorage:
        """The storage; SystemExit with one line where it can't be opened."""
        options = {name: getattr(self.config, name) for name in OPTIONS}
        if self.config.packer:
            options["packer"] = pkgutil.resolve_name(self.config.packer)
        path = self.config.path
        try:
            return DurableStorage(path, **options)
        except LockError:
            problem = f"{path} is in use by {_holder(path)}: only one process may write to it"
        except TandemError as error:
            problem = error.report()
        except (OSError, StorageError) as error:
            problem = f"{path} can't be opened: {error}"
        # Both, since a daemon's standard error may lead nowhere.
        logger.critical(problem)
        raise SystemExit(problem)


def _holder(path: str) -> str:
    try:
        return f"process {int(Path(f'{path}.lock').read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"
