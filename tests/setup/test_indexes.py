"""pip's and uv's configurations of package indexes serve both of them."""

from pathlib import Path

from tandem.setup.indexes import pip_settings, shared, uv_is_configured


def test_uv_gets_the_index_that_pip_is_set_up_for() -> None:
    added = shared({}, {"index-url": "https://mirror.example/simple"}, uv_configured=False)
    assert added == {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}


def test_uvs_own_index_stands() -> None:
    environment = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}
    pip = {"index-url": "https://pip.example/simple"}
    assert shared(environment, pip, uv_configured=False) == {}


def test_uvs_own_configuration_file_stands() -> None:
    assert shared({}, {"index-url": "https://pip.example"}, uv_configured=True) == {}


def test_pip_gets_the_index_that_uv_is_set_up_for() -> None:
    environment = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}
    added = shared(environment, {}, uv_configured=False)
    assert added == {"PIP_INDEX_URL": "https://uv.example/simple"}


def test_pips_certificates_are_uvs_too() -> None:
    added = shared({}, {"cert": "/etc/ssl/ours.pem"}, uv_configured=False)
    assert added == {"SSL_CERT_FILE": "/etc/ssl/ours.pem"}


def test_a_later_file_of_pips_wins_and_the_environment_over_all(tmp_path: Path) -> None:
    first, second = tmp_path / "one.conf", tmp_path / "two.conf"
    first.write_text("[global]\nindex-url = https://one.example\ncert = /one.pem\n")
    second.write_text("[global]\nindex_url = https://two.example\nproxy = http://two.example\n")
    settings = pip_settings({"PIP_PROXY": "http://env.example"}, [first, second])
    assert settings == {
        "index-url": "https://two.example",
        "cert": "/one.pem",
        "proxy": "http://env.example",
    }


def test_a_file_of_pips_that_is_broken_is_left_to_pip(tmp_path: Path) -> None:
    broken = tmp_path / "pip.conf"
    broken.write_text("index-url = nowhere")
    assert pip_settings({}, [broken, tmp_path / "missing.conf"]) == {}


def test_uv_is_configured_where_its_file_is(tmp_path: Path) -> None:
    file = tmp_path / ".config/uv/uv.toml"
    file.parent.mkdir(parents=True)
    file.touch()
    assert uv_is_configured({"HOME": str(tmp_path)})
