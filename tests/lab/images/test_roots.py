from tandem.lab.images.roots import beside


def test_one_line_tells_how_far_each_is_that_works_beside_others() -> None:
    lines: list[str] = []
    told = beside(lines.append)
    machines, vms = told("machines"), told("VMs")
    machines("unpacking master")
    vms("buildout")
    machines("done")
    assert lines == [
        "machines: unpacking master",
        "machines: unpacking master; VMs: buildout",
        "machines: done; VMs: buildout",
    ]
