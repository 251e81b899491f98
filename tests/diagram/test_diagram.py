"""The picture of a cluster: what is in it, and that all of it can be read."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tandem.description import cluster_in
from tandem.diagram import diagram
from tandem.diagram.grid import Grid
from tandem.diagram.layout import picture
from tandem.diagram.shapes import Area, Box, Dot, Line, Picture, Text, width_of, wrapped
from tandem.diagram.top import heading
from tandem.model import Cluster

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
FILES = {
    file.stem: file
    for file in (
        CHECKOUT / "cluster.cfg",
        *sorted(CHECKOUT.glob("examples/*.cfg")),
        *sorted(HERE.glob("*.cfg")),
    )
}
SVG = "{http://www.w3.org/2000/svg}"
CARDS = {"frontend", "zeoserver", "zeoclient"}

each_cluster = pytest.mark.parametrize("name", FILES)


@cache
def cluster_of(name: str) -> Cluster:
    return cluster_in(FILES[name])


@cache
def picture_of(name: str) -> Picture:
    return picture(cluster_of(name))


def root_of(cluster: Cluster) -> ET.Element:
    return ET.fromstring(diagram(cluster))  # noqa: S314 # our own text


@cache
def texts_of(name: str) -> tuple[str, ...]:
    """What can be read in the picture, each text with its lines put together."""
    root = root_of(cluster_of(name))
    return tuple("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


def reads(name: str, text: str) -> bool:
    return any(text in read for read in texts_of(name))


def cards(drawn: Picture) -> Iterator[Box]:
    """The boxes of VMs or services, without the legend's and the memory's small ones."""
    for shape in drawn.shapes:
        if isinstance(shape, Box) and shape.area.height > 30:
            role, *more = shape.style.split()
            if role in CARDS and more in ([], ["later"]) and shape.radius < 20:
                yield shape


# What is in it.


@each_cluster
def test_every_machine_is_in_the_picture_by_its_name(name: str) -> None:
    assert set(cluster_of(name).machines) <= set(texts_of(name))


@each_cluster
def test_every_vm_is_in_the_picture_by_its_name(name: str) -> None:
    assert {vm.name for vm in cluster_of(name).vms} <= set(texts_of(name))


@each_cluster
def test_every_address_is_in_the_picture(name: str) -> None:
    cluster = cluster_of(name)
    network = cluster.network
    addresses = [
        *(host.address for host in cluster.hosts.values()),
        *(client.address for client in cluster.clients),
        *cluster.visitor_addresses,
        network.gateway,
        network.public_gateway,
        *network.nameservers,
        *cluster.heartbeat.ping_nodes,
    ]
    for node in cluster.nodes:
        addresses += [node.replication_address, node.management_address, node.fence_address]
    assert [at for at in addresses if at and not reads(name, at)] == []


@each_cluster
def test_every_network_is_in_the_picture_by_its_name(name: str) -> None:
    network = cluster_of(name).network
    for label in ("service", "replication", "management"):
        found = getattr(network, label)
        assert reads(name, f"{label} network {found}") == (found is not None)


@each_cluster
def test_every_volume_is_in_the_picture_with_its_minor_and_port(name: str) -> None:
    for volume in cluster_of(name).volumes:
        at = texts_of(name).index(f"volume {volume.name}")
        assert texts_of(name)[at + 1] == f"minor {volume.minor}, port {volume.port}"


@each_cluster
def test_every_site_is_in_the_picture(name: str) -> None:
    sites = {f"{site.host} → {site.path}" for site in cluster_of(name).sites}
    assert sites <= set(texts_of(name))


def test_every_client_of_a_few_has_its_port_in_the_picture() -> None:
    ports = {str(client.port) for client in cluster_of("capacity").clients}
    assert len(ports) == 6
    assert ports <= set(texts_of("capacity"))


def test_many_clients_have_the_first_and_the_last_port_in_the_picture() -> None:
    assert {"18081", "…", "18144"} <= set(texts_of("longest"))
    assert "18100" not in texts_of("longest")


def test_the_memory_that_a_machine_needs_after_a_failover_is_in_the_picture() -> None:
    # dom0 1 GB, frontend 1, zeoserver 2 and zeoclient 4.
    assert texts_of("cluster").count("8 GB of 16 GB memory after a failover") == 2


def test_memory_that_a_vm_can_be_given_is_in_the_picture() -> None:
    assert reads("capacity", "16\N{EN DASH}20 GB RAM · 4 vCPUs · 800 GB disk")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cluster", "VMs on Xen"),
        ("cluster", "fencing by IPMI"),
        ("containers", "VMs in systemd-nspawn"),
        ("containers", "no fencing: split-brain accepted"),
        ("traditional", "no VMs"),
        ("traditional", "fencing by the operator (meatware)"),
    ],
)
def test_the_hypervisor_and_the_fencing_are_named(name: str, text: str) -> None:
    assert text in texts_of(name)


@each_cluster
def test_replicated_vms_are_solid_on_the_first_machine_and_dashed_on_the_second(
    name: str,
) -> None:
    drawn = picture_of(name)
    first, second = (
        next(
            shape.x
            for shape in drawn.shapes
            if isinstance(shape, Text) and "".join(shape.lines) == machine
        )
        for machine in cluster_of(name).pair
    )
    replicated = [card for card in cards(drawn) if not card.style.startswith("zeoclient")]
    places = [(card.style, card.area.x) for card in replicated]
    assert places == [
        ("frontend", first),
        ("zeoserver", first),
        ("frontend later", second),
        ("zeoserver later", second),
    ]


def test_the_pair_stands_in_the_order_of_the_pair() -> None:
    cluster = cluster_of("cluster")
    turned = picture(replace(cluster, pair=cluster.pair[::-1]))
    names = [
        "".join(shape.lines)
        for shape in sorted(
            (shape for shape in turned.shapes if isinstance(shape, Text)), key=lambda text: text.x
        )
    ]
    assert names.index("slave") < names.index("master")


# That it is a good SVG document.


def test_the_same_cluster_gives_the_same_text_in_every_process() -> None:
    program = (
        "import sys, pathlib; from tandem.description import cluster_in;"
        " from tandem.diagram import diagram;"
        f" sys.stdout.write(diagram(cluster_in(pathlib.Path({str(FILES['longest'])!r}))))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    }
    assert made == {diagram(cluster_of("longest"))}


@each_cluster
def test_the_document_is_svg_with_a_title_and_a_description(name: str) -> None:
    root = root_of(cluster_of(name))
    assert root.tag == f"{SVG}svg"
    titled = [root.find(f"{SVG}{tag}") for tag in ("title", "desc")]
    ids = [element.get("id") for element in titled if element is not None and element.text]
    assert root.get("aria-labelledby") == " ".join(filter(None, ids))
    assert len(ids) == 2


@each_cluster
def test_the_description_tells_of_every_machine_vm_volume_and_site(name: str) -> None:
    cluster = cluster_of(name)
    told = picture_of(name).description
    names = (
        *cluster.hosts,
        *(volume.name for volume in cluster.volumes),
        *(site.host for site in cluster.sites),
    )
    assert [one for one in names if one not in told] == []


@each_cluster
def test_the_document_takes_nothing_from_elsewhere(name: str) -> None:
    text = diagram(cluster_of(name)).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not [word for word in ("://", "url(", "@import", "href") if word in text]


def test_what_means_something_in_xml_is_escaped() -> None:
    root = root_of(replace(cluster_of("cluster"), name="<a> & b"))
    assert "<a> & b" in ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def test_every_style_that_a_shape_has_is_in_the_style_sheet() -> None:
    root = root_of(cluster_of("containers"))
    sheet = root.findtext(f"{SVG}style") or ""
    used = {word for element in root.iter() for word in (element.get("class") or "").split()}
    # Plain text and plain links look as all text and all lines do.
    assert {word for word in used if f".{word}" not in sheet} == {"ink", "link"}


# That all of it can be read.


def areas(drawn: Picture, kind: type[Text] | type[Box]) -> list[tuple[str, Area]]:
    return [
        ("".join(shape.lines) if isinstance(shape, Text) else shape.style, shape.area)
        for shape in drawn.shapes
        if isinstance(shape, kind)
    ]


@each_cluster
def test_no_two_texts_overlap(name: str) -> None:
    texts = areas(picture_of(name), Text)
    assert [(a, b) for (a, one), (b, other) in combinations(texts, 2) if one.overlaps(other)] == []


@each_cluster
def test_nothing_lies_outside_the_picture(name: str) -> None:
    drawn = picture_of(name)
    whole = Area(0, 0, drawn.width, drawn.height)
    outside = [
        shape
        for shape in drawn.shapes
        if not whole.holds(
            Area(shape.x - 4, shape.y - 4, 8, 8) if isinstance(shape, Dot) else shape.area
        )
    ]
    assert outside == []


@each_cluster
def test_a_text_lies_wholly_in_a_box_or_wholly_beside_it(name: str) -> None:
    drawn = picture_of(name)
    assert [
        (text, box)
        for text, at in areas(drawn, Text)
        for box, around in areas(drawn, Box)
        if at.overlaps(around) and not around.holds(at)
    ] == []


@each_cluster
def test_a_volume_holds_its_name_its_numbers_and_its_size(name: str) -> None:
    drawn = picture_of(name)
    boxes = [at for style, at in areas(drawn, Box) if "volume" in style]
    held = [sum(at.holds(text) for _, text in areas(drawn, Text)) for at in boxes]
    assert held == [3] * len(cluster_of(name).volumes)


@each_cluster
def test_a_box_lies_wholly_in_another_or_wholly_beside_it(name: str) -> None:
    assert [
        (a, b)
        for (a, one), (b, other) in combinations(areas(picture_of(name), Box), 2)
        if one.overlaps(other) and not one.holds(other)
    ] == []


@each_cluster
def test_no_line_goes_through_a_text(name: str) -> None:
    drawn = picture_of(name)
    pieces = [p for shape in drawn.shapes if isinstance(shape, Line) for p in shape.pieces]
    assert [text for text, at in areas(drawn, Text) for piece in pieces if at.overlaps(piece)] == []


@each_cluster
def test_no_line_goes_through_a_vm_a_volume_or_a_fencing_device(name: str) -> None:
    drawn = picture_of(name)
    pieces = [p for shape in drawn.shapes if isinstance(shape, Line) for p in shape.pieces]
    through = [
        box
        for box, at in areas(drawn, Box)
        if box not in ("page", "machine")
        for piece in pieces
        if at.overlaps(piece)
    ]
    assert through == []


@each_cluster
def test_no_link_goes_through_a_machine(name: str) -> None:
    drawn = picture_of(name)
    pieces = [
        piece
        for shape in drawn.shapes
        if isinstance(shape, Line) and shape.style in ("link", "network")
        for piece in shape.pieces
    ]
    machines = [at for style, at in areas(drawn, Box) if style == "machine"]
    assert [(at, piece) for at in machines for piece in pieces if at.overlaps(piece)] == []


def test_what_the_cluster_is_made_with_wraps_where_there_is_no_room() -> None:
    narrow = Grid(machine=100, volume=50, columns=0)
    shapes, bottom = heading(cluster_of("cluster"), narrow, 0)
    boxes = [shape.area for shape in shapes if isinstance(shape, Box)]
    assert max(at.right for at in boxes) <= narrow.right
    assert max(at.bottom for at in boxes) == bottom


@pytest.mark.parametrize("name", ["cluster", *(f.stem for f in CHECKOUT.glob("examples/*.cfg"))])
def test_the_examples_can_be_read_where_a_page_is_1400_wide(name: str) -> None:
    assert picture_of(name).width <= 1400


def test_eight_machines_stand_in_rows_and_not_in_one_long_one() -> None:
    drawn = picture_of("longest")
    places = [at for style, at in areas(drawn, Box) if style == "machine"]
    assert len(places) == 8
    assert len({at.x for at in places}) == 4
    assert drawn.width < 2000


# How wide a text is.


def letters() -> list[tuple[str, float, float]]:
    lines = (HERE / "dejavu-sans.txt").read_text().splitlines()
    words = [line.split() for line in lines if not line.startswith("# ")]
    return [
        (letter.replace("SPACE", " "), float(regular), float(bold))
        for letter, regular, bold in words
    ]


@pytest.mark.parametrize(("letter", "regular", "bold"), letters())
def test_no_letter_is_taken_for_narrower_than_it_is(
    letter: str, regular: float, bold: float
) -> None:
    assert width_of(letter, 1) >= regular
    assert width_of(letter, 1, bold=True) >= bold


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ("short",)),
        ("two words", ("two ", "words")),
        ("www.example.org", ("www.", "example.", "org")),
        ("a-b-c-d-e-f-g-h", ("a-b-c-d-", "e-f-g-h")),
        ("nnnnnnnnnnnnnnnn", ("nnnnnnnn", "nnnnnnnn")),
        ("", ("",)),
    ],
)
def test_a_text_breaks_after_its_parts_and_only_then_within(
    text: str, lines: tuple[str, ...]
) -> None:
    assert wrapped(text, 5.3, 1) == lines


def test_the_lines_of_a_wrapped_text_are_no_wider_than_their_room() -> None:
    for site in cluster_of("longest").sites:
        lines = wrapped(f"{site.host} → {site.path}", 200, 13)
        assert "".join(lines) == f"{site.host} → {site.path}"
        assert max(width_of(line, 13) for line in lines) <= 200
