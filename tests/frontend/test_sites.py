import json

import pytest

from tests.frontend.stack import Frontend

SITE = "/VirtualHostBase/http/www.example.org:{port}/Plone/VirtualHostRoot"


def arrived(frontend: Frontend, target: str, headers: str = "") -> dict[str, str]:
    status, head, body = frontend.raw(target, headers)
    assert status == 200, head
    result: dict[str, str] = json.loads(body)
    return result


def site_path(frontend: Frontend, uri: str) -> str:
    prefix = SITE.format(port=frontend.described.ports.frontend)
    assert uri.startswith(prefix)
    return uri.removeprefix(prefix)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a/",
        "/a%2Fb",
        "/a%2fb/c",
        "/a%20b",
        "/%C3%A4%C3%B6",
        "/a+b",
        "/a%2Bb",
        "/a;b=c",
        "/a%3Bb",
        "/a?b=c&d=%2F+x",
        "/a%3Fb",
        "/a%3fb?c",
        "/a%26b",
        "/a%25b",
        "/a%2525b",
        "/a//b",
        "/a/./b",
        "/a?x=/../y",
        "/a'b",
        "/a%22b",
        "/~u",
        "/a,b:c",
        "/@@view",
        "/++resource++x/y.css",
        "/a%5Cb",
        "/a%E4",
        "/a[b]|{c}^",
        "/a%0Ab",
        "/$x/${y}",
        "/a%23b",
        "/a?",
        "/a?b?c",
        "/%61%7E",
        "/a..b/...",
    ],
)
def test_a_path_reaches_zope_as_the_visitor_sent_it(frontend: Frontend, path: str) -> None:
    assert site_path(frontend, arrived(frontend, path)["uri"]) == path


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("two.example.org", "two.example.org:{port}/folder/Two"),
        ("TWO.example.org", "two.example.org:{port}/folder/Two"),
        ("two.example.org:99", "two.example.org:{port}/folder/Two"),
        ("localhost:{port}", "localhost:{port}/Plone"),
        ("unknown.example.org", "unknown.example.org/Plone"),
        ("[::1]:{port}", "[::1]:{port}/Plone"),
    ],
)
def test_a_host_leads_to_its_site(frontend: Frontend, host: str, base: str) -> None:
    port = frontend.described.ports.frontend
    request = arrived(frontend, "/x", f"Host: {host.format(port=port)}\r\n")
    expected = f"/VirtualHostBase/http/{base.format(port=port)}/VirtualHostRoot/x"
    assert request["uri"] == expected


@pytest.mark.parametrize(
    "path",
    [
        "/VirtualHostBase/http/other.example.org:80/Other/VirtualHostRoot/",
        "/a/VirtualHostRoot/b",
        "/a/%56irtualHostRoot/b",
        "/a%2FVirtualHostRoot%2fb",
        "/_vh_shop/a",
        "/%5Fvh_shop/a",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a%2F../../b",
        "/a%2f..%2f..%2f..%2fOther",
        "/a/..",
    ],
)
def test_a_visitor_cannot_leave_the_site(frontend: Frontend, path: str) -> None:
    status, _, _ = frontend.raw(path)
    assert status == 404


@pytest.mark.parametrize("host", ["bad host", "a/b", "a@b", "${x}", "a%2fb", "a.example.org:x"])
def test_a_host_that_is_no_name_never_reaches_zope(frontend: Frontend, host: str) -> None:
    status, _, _ = frontend.raw("/", f"Host: {host}\r\n")
    assert status in {400, 404}


def test_what_a_visitor_says_of_proxies_is_not_believed(frontend: Frontend) -> None:
    forged = "".join(
        f"{name}: forged.example.org\r\n"
        for name in (
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Server",
            "X-Forwarded-Proto",
            "X-Forwarded-Port",
            "Forwarded",
        )
    )
    headers = json.loads(frontend.raw("/", forged)[2])["headers"]
    assert "forged" not in str(headers)
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Host"] == "www.example.org"
    assert headers["X-Forwarded-Proto"] == "http"
