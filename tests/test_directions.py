"""Who may import whom: the way of the data goes from the model to the programs, never back."""

import ast
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

MAY_IMPORT = {
    "tandem.errors": set(),
    "tandem.model": {"tandem.model"},
    "tandem.buildout": set(),
    "tandem.description": {"tandem.buildout", "tandem.errors", "tandem.model"},
    "tandem.editing": {"tandem.description", "tandem.errors", "tandem.model"},
    "tandem.reference": {"tandem.explain", "tandem.model"},
    "tandem.diagram": {"tandem.diagram", "tandem.model"},
    "tandem.drivers": {"tandem.drivers", "tandem.model"},
    "tandem.rendering": {"tandem.drivers", "tandem.model", "tandem.rendering"},
    "tandem.explain": {"tandem.errors", "tandem.model", "tandem.rendering"},
    "tandem.rotation": {"tandem.errors", "tandem.model", "tandem.secrets"},
    "tandem.secrets": {"tandem.errors", "tandem.model", "tandem.rendering"},
    "tandem.writing": {"tandem.errors", "tandem.rendering"},
    "recipes": {
        "recipes",
        "tandem.description",
        "tandem.errors",
        "tandem.model",
        "tandem.rendering",
        "tandem.secrets",
        "tandem.writing",
    },
    "tandem.console": {"tandem.errors"},
    "tandem.images": {"tandem.errors", "tandem.images", "tandem.setup"},
    "tandem.lab": {
        "tandem.console",
        "tandem.description",
        "tandem.drivers",
        "tandem.errors",
        "tandem.images",
        "tandem.lab",
        "tandem.local",
        "tandem.model",
        "tandem.rendering",
        "tandem.rollout",
        "tandem.secrets",
        "tandem.setup",
        "tandem.writing",
    },
    "tandem.rollout": {
        "tandem.console",
        "tandem.description",
        "tandem.drivers",
        "tandem.editing",
        "tandem.errors",
        "tandem.images",
        "tandem.model",
        "tandem.rendering",
        "tandem.rollout",
        "tandem.secrets",
        "tandem.setup",
    },
    "tandem.drill": {
        "tandem.console",
        "tandem.description",
        "tandem.drill",
        "tandem.drivers",
        "tandem.errors",
        "tandem.failover",
        "tandem.lab",
        "tandem.model",
        "tandem.rendering",
        "tandem.rollout",
        "tandem.secrets",
    },
    "tandem.failover": {
        "tandem.console",
        "tandem.drivers",
        "tandem.errors",
        "tandem.failover",
        "tandem.model",
        "tandem.rendering",
        "tandem.rollout",
    },
    "tandem.local": {
        "tandem.description",
        "tandem.errors",
        "tandem.local",
        "tandem.model",
        "tandem.rendering",
        "tandem.secrets",
    },
    # What runs inside other programs, or before anything is installed, stands alone.
    "tandem.frontend": {"tandem.frontend"},
    "tandem.plone": {"tandem.plone"},
    "tandem.setup": {"tandem.setup"},
    "tandem.zeoclient": {"tandem.model", "tandem.zeoclient"},
    "tandem.zeoserver": {"tandem.errors", "tandem.zeoserver"},
}


def modules() -> dict[str, Path]:
    files = [*(CHECKOUT / "src").rglob("*.py"), *(CHECKOUT / "recipes").rglob("*.py")]
    names = {}
    for file in files:
        base = CHECKOUT / "src" if (CHECKOUT / "src") in file.parents else CHECKOUT
        names[".".join(file.relative_to(base).with_suffix("").parts).removesuffix(".__init__")] = (
            file
        )
    return names


def ours_imported_by(file: Path) -> set[str]:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
    return {name for name in imported if name.split(".")[0] in ("tandem", "recipes")}


def layer(name: str) -> str | None:
    return next((at for at in MAY_IMPORT if name == at or name.startswith(f"{at}.")), None)


@pytest.mark.parametrize("name", sorted(set(modules()) - {"tandem"}))
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    own = layer(name)
    assert own is not None, f"{name} belongs to no layer: say in this test what it may import"
    forbidden = {
        imported
        for imported in ours_imported_by(modules()[name])
        if layer(imported) not in MAY_IMPORT[own]
    }
    assert not forbidden
