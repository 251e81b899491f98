import pytest

from tests.frontend.stack import Frontend

STRANGER = "127.0.0.2"  # another address of the loopback network, which manage_from does not name

MANAGEMENT = [
    "/manage",
    "/manage/",
    "/manage_main",
    "/a/b/manage_workspace?x=1",
    "/MANAGE_MAIN",
    "/%6danage_main",
    "/a%2Fmanage_main",
    "/manage%5Fmain",
    "/manage%2fx",
    "/@@manage_main",
    "/%40%40manage_main",
    "/++attribute++manage_main",
    "/a//manage_main",
    "/./manage",
    "/?manage_main:method=1",
    "/a?x=1&%6danage_delObjects%3amethod=1",
    "/?:method=manage_main",
    "/?:%64efault_method=manage_main",
    "/?:action=manage_main",
]

PUBLIC = [
    "/management",
    "/about/manager",
    "/@@manage-portlets",
    "/manage-viewlets",
    "/unmanage_x",
    "/search?SearchableText=manage_main",
    "/?x:int=1&form.button:method=1",
]

INTERNAL = ["/.tandem/status", "/.tandem/balancer", "/.tandem/balancer?b=clients", "/.tandem/"]


@pytest.mark.parametrize("path", MANAGEMENT)
def test_strangers_do_not_reach_zopes_management(frontend: Frontend, path: str) -> None:
    assert frontend.raw(path, source=STRANGER)[0] == 403


@pytest.mark.parametrize("path", MANAGEMENT)
def test_managers_reach_zopes_management(frontend: Frontend, path: str) -> None:
    assert frontend.raw(path)[0] == 200


@pytest.mark.parametrize("path", PUBLIC)
def test_what_only_looks_like_management_is_public(frontend: Frontend, path: str) -> None:
    assert frontend.raw(path, source=STRANGER)[0] == 200


@pytest.mark.parametrize("path", INTERNAL)
def test_strangers_do_not_see_what_goes_on_inside(frontend: Frontend, path: str) -> None:
    assert frontend.raw(path, source=STRANGER)[0] == 403


@pytest.mark.parametrize("path", INTERNAL[:2])
def test_managers_see_what_goes_on_inside(frontend: Frontend, path: str) -> None:
    assert frontend.raw(path)[0] == 200


def test_a_stranger_cannot_claim_to_be_a_manager(frontend: Frontend) -> None:
    claim = "X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n"
    assert frontend.raw("/manage", claim, source=STRANGER)[0] == 403


@pytest.mark.parametrize("path", ["/x", "/x?status=404 No", "/a/../b", "/.tandem/"])
def test_no_answer_says_which_version_runs(frontend: Frontend, path: str) -> None:
    _, head, body = frontend.raw(path.replace(" ", "%20"), source=STRANGER)
    assert "\r\nServer: Apache\r\n" in head
    assert "waitress" not in head.lower()
    assert "Via:" not in head
    assert "Apache/" not in body


def test_trace_is_refused(frontend: Frontend) -> None:
    assert frontend.raw("/x", method="TRACE")[0] == 405
