"""A release of a host's software: the checkout, and in it what its roles' profiles make.

It is built on the host itself, by ``make setup ROLE=…`` and without a network, beside the one that
runs. Programs are started from the one that ``/srv/tandem/current`` leads to.
"""

import json
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import gmtime, strftime
from typing import Final

from tandem.images.cache import Tell
from tandem.model import CURRENT, HOME, RELEASES, Cluster, Here, Host
from tandem.rendering import CHECKOUT
from tandem.rendering.profiles import client_sections, tandem_options
from tandem.rollout import checkout
from tandem.rollout.remote import HostError, Remote
from tandem.setup.pins import LOCK

KEPT: Final = 5
"""How many releases a host keeps."""


BUILD: Final = Path(__file__).with_name("build.sh")


def named_now() -> str:
    """What a release is called that is built now: the time, in UTC."""
    return strftime("%Y%m%dT%H%M%SZ", gmtime())


@dataclass(frozen=True)
class Release:
    """A release that a host is to have.

    ``digest`` stands for all that it does, ``pins`` for what is installed in it. ``description`` is
    the text of the ``cluster.cfg`` that it is built with.
    """

    host: str
    roles: tuple[str, ...]
    digest: str
    pins: str
    origin: str
    description: str

    def content(self, remote: Remote, _: Tell) -> bytes:
        """What is sent to a host; raises HostError where the checkout is no longer what it was."""
        tar = self.tar()
        if checkout.digest() != checkout_digest():
            raise HostError(remote.host.name, "the checkout was changed meanwhile: run it again")
        return tar

    def tar(self) -> bytes:
        """What it is built of."""
        return checkout.tar_of(self._own)

    def texts(self) -> dict[str, str]:
        """The texts of that, by path; without the lock, whose pins are in ``versions.cfg``, too."""
        return {name: text for name, text in checkout_texts().items() if name != LOCK} | self._own

    @property
    def _own(self) -> dict[str, str]:
        return {"cluster.cfg": self.description, "here.cfg": f"[here]\nname = {self.host}\n"}

    @property
    def building(self) -> str:
        """The POSIX shell, for root, that builds it of that tar; it is called ``$started``."""
        told = (self.digest, self.pins, self.origin, str(KEPT), *self.roles)
        program = shlex.join(("sh", "-c", BUILD.read_text(), "build.sh", str(HOME)))
        return f'{program} "$started" {shlex.join(told)}'


def release_for(cluster: Cluster, host: Host, description: str) -> Release | None:
    """The release that a host is to have by this checkout and the description, a text.

    None for one without roles. What its programs are not told of the description makes it no other.
    """
    if not host.roles:
        return None
    here = Here(name=host.name, address=host.address, frontend_port=cluster.ports.frontend)
    told = [tandem_options(here, cluster), client_sections(here, cluster)]
    words = json.dumps([checkout_digest(), host.name, host.roles, told])
    return Release(
        host.name,
        host.roles,
        sha256(words.encode()).hexdigest(),
        sha256(f"{host.roles} {checkout.digest_of_pins()}".encode()).hexdigest(),
        _origin(),
        description,
    )


# Read once for all hosts of a command.
checkout_digest = cache(checkout.digest)
checkout_texts = cache(checkout.texts)


@cache
def _origin() -> str:
    """What git calls the checkout's commit, or a word that says there is none."""
    asked = ("git", "describe", "--always", "--dirty", "--tags")
    try:
        done = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unversioned"
    return done.stdout.strip()


def started_from(name: str) -> str:
    """The POSIX shell that has programs started from a release from now on."""
    link = CURRENT.with_name(".current")
    return (
        f"release={name}\n"
        f'[ -e "{RELEASES}/$release/.release" ] ||'
        ' { echo "the release is gone: run it again" >&2; exit 1; }\n'
        f'ln -sfnT "releases/$release" {link}\nmv -fT {link} {CURRENT}'
    )


def newest(digest: str) -> str:
    """The POSIX shell that is replaced by the name of the newest release of this digest."""
    return f"$(cd {RELEASES}; grep -lxF {digest} -- */.release | tail -n 1 | cut -d / -f 1)"
