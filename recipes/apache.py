"""``recipe = tandem:apache``: the frontend's Apache."""

from recipes.rendered import Rendered


class Apache(Rendered):
    """A complete configuration of Apache 2.4, run without any of Debian's own."""

    program = "apache"
