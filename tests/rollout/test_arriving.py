"""VMs that were just made are known by the keys that their machines gave them."""

from pathlib import Path

from tandem.rollout.arriving import remember

KEY = "ssh-ed25519 AAAAnew frontend"


def test_a_new_host_is_known_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / ".ssh/known_hosts"
    remember(file, "10.0.0.21", KEY)
    assert file.read_text() == "10.0.0.21 ssh-ed25519 AAAAnew\n"


def test_a_host_that_was_made_anew_is_known_by_its_new_key_alone(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("10.0.0.22 ssh-ed25519 AAAAother\n10.0.0.21 ssh-ed25519 AAAAold\n")
    remember(file, "10.0.0.21", KEY)
    assert file.read_text().splitlines() == [
        "10.0.0.22 ssh-ed25519 AAAAother",
        "10.0.0.21 ssh-ed25519 AAAAnew",
    ]
