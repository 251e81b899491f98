"""Editors who add to a site while something goes wrong, and note what was acknowledged."""

import base64
import hashlib
import http.client
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Event
from typing import Any, Final

from tandem.errors import TandemError
from tandem.model import Cluster
from tandem.rollout.visiting import answer

_EDITORS: Final = 2
_PAUSE: Final = 0.3
"""How long one rests after each page, in seconds; one whom nobody answers comes again as soon."""
_PATIENCE: Final = 30.0
"""After how many seconds without an answer one gives up."""
_UPLOAD: Final = 100_000
"""How large an uploaded file is, in bytes. Plone keeps files as blobs."""


@dataclass(frozen=True)
class Work:
    """A page or file that an editor sent, when (s, as time.time has it), and what came of it.

    ``digest`` is that of a file; ``said`` is the HTTP status, 0 where nobody answered.
    """

    title: str
    began: float
    seconds: float
    said: int
    digest: str = ""

    @property
    def acknowledged(self) -> bool:
        """Whether the site said that it is there."""
        return self.said == http.client.CREATED


@dataclass(frozen=True)
class Verdict:
    """What is in the site in the end, held against what was acknowledged: titles.

    ``known``: the site has said what is there.
    """

    acknowledged: int
    refused: int
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    known: bool = True


class Editing:
    """A folder in the first site that is there for the drill alone.

    ``work`` grows while they are there.
    """

    def __init__(self, cluster: Cluster, password: str) -> None:
        self._site = _Site(cluster, password)
        self.work: list[Work] = []
        self.folder = f"tandem-drill-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Have editors work in it meanwhile; raises TandemError where the folder is not made."""
        self._site.asked("POST", "/", {"@type": "Folder", "title": self.folder})
        over = Event()
        with ThreadPoolExecutor(_EDITORS) as pool:
            working = [pool.submit(self._edit, number, over) for number in range(_EDITORS)]
            try:
                yield
            finally:
                over.set()
        for one in working:
            one.result()

    def _edit(self, editor: int, over: Event) -> None:
        for number in count():
            if over.wait(_PAUSE):
                return
            title = f"editor-{editor}-{number}"
            sent: dict[str, object] = {"@type": "Document", "title": title}
            digest = ""
            if number % 2:
                content = secrets.token_bytes(_UPLOAD)
                digest = hashlib.sha256(content).hexdigest()
                data = {"encoding": "base64", "data": base64.b64encode(content).decode()}
                sent = {
                    "@type": "File",
                    "title": title,
                    "file": data | {"filename": f"{title}.bin"},
                }
            began, started = time.time(), time.monotonic()
            try:
                said = self._site.answer("POST", f"/{self.folder}", sent)[0]
            except (OSError, http.client.HTTPException):
                said = 0
            self.work.append(Work(title, began, time.monotonic() - started, said, digest))

    def verdict(self) -> Verdict:
        """What came of all work; raises TandemError where the site does not say."""
        listed = self._site.asked("GET", f"/{self.folder}?b_size=1000000")["items"]
        paths = {
            item["title"]: f"/{self.folder}/{item['@id'].rsplit('/', 1)[1]}" for item in listed
        }
        digests = {
            work.title: self._site.digest(f"{paths[work.title]}/@@download/file")
            for work in self.work
            if work.digest and work.acknowledged and work.title in paths
        }
        return judged(self.work, Counter(item["title"] for item in listed), digests)

    def tidy_up(self) -> None:
        """Remove the folder; raises TandemError."""
        self._site.asked("DELETE", f"/{self.folder}")


def judged(
    work: Sequence[Work], there: Mapping[str, int] | None, digests: Mapping[str, str]
) -> Verdict:
    """What is lost and what is doubled.

    ``there`` counts the site's pages and files by title, or is None where it does not say;
    ``digests`` are those of the files that it gives out.
    """
    acknowledged = [one for one in work if one.acknowledged]
    counts = len(acknowledged), len(work) - len(acknowledged)
    if there is None:
        return Verdict(*counts, known=False)
    return Verdict(
        *counts,
        tuple(
            one.title
            for one in acknowledged
            if not there.get(one.title) or digests.get(one.title, "") != one.digest
        ),
        tuple(sorted(title for title, number in there.items() if number > 1)),
    )


@dataclass(frozen=True)
class _Site:
    """The first site, for Zope's admin, as plone.restapi has it."""

    cluster: Cluster
    password: str

    def asked(self, method: str, path: str, sent: object = None) -> Any:
        """What it answers; raises TandemError where that is an error, or nothing."""
        host = self.cluster.sites[0].host
        try:
            status, said = self.answer(method, path, sent)
        except (OSError, http.client.HTTPException) as error:
            raise TandemError(f"{host}{path}: {error or 'no answer'}") from None
        if status >= http.client.BAD_REQUEST:
            what = (
                " (the admin's password is another)" if status == http.client.UNAUTHORIZED else ""
            )
            raise TandemError(f"{host}{path}: answers {status}{what}")
        return json.loads(said) if said else None

    def digest(self, path: str) -> str:
        """That of a file's content, none where it is refused or cut short; raises TandemError."""
        try:
            status, said = self.answer("GET", path)
        except http.client.IncompleteRead:
            return ""
        except (OSError, http.client.HTTPException) as error:
            raise TandemError(f"{path}: {error or 'no answer'}") from None
        return hashlib.sha256(said).hexdigest() if status == http.client.OK else ""

    def answer(self, method: str, path: str, sent: object = None) -> tuple[int, bytes]:
        """The status and the body; raises OSError or HTTPException."""
        login = base64.b64encode(f"admin:{self.password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {login}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        body = None if sent is None else json.dumps(sent)
        return answer(self.cluster, self.cluster.sites[0], method, path, headers, _PATIENCE, body)
