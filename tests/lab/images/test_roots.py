from tandem.lab.images.roots import beside


def test_one_line_tells_how_far_each_is_that_still_works_beside_others() -> None:
    lines: list[str] = []
    told = beside(lines.append)
    machine, vm = told("master"), told("frontend")
    machine("unpacking")
    vm("buildout")
    machine("")
    vm("making")
    vm("")
    assert lines == [
        "master: unpacking",
        "master: unpacking; frontend: buildout",
        "frontend: buildout",
        "frontend: making",
    ]
