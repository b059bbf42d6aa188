"""The laws of the house (DESIGN.md section 3), read from the source: who may import what, who may ask the time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("cluster", "actors", "evals", "training", "counterpoint")
WINGS = ("session", "scheduling", "media", "model", "voice", "background", "planning")
CLOCKS = {"time", "random", "uuid", "secrets"}
MAX_LINES, MAX_MEDIAN = 300, 120


def sources(*folders: str) -> list[Path]:
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return [file for file in files if not file.stem.endswith(("_pb2", "_pb2_grpc"))]


def module_of(file: Path) -> str:
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    if parts[0] == "protos":
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(file: Path) -> set[str]:
    """Every module the file imports anywhere, as full dotted names; `from a import b` gives both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module_of(file).split(".")
                if file.name != "__init__.py":
                    package = package[:-1]
                package = package[: len(package) - node.level + 1]
                base = ".".join([*package, base] if base else package)
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def offenders(files: list[Path], banned: tuple[str, ...]) -> dict[str, set[str]]:
    found = {}
    for file in files:
        bad = {name for name in imports_of(file) if any(name == b or name.startswith(b + ".") for b in banned)}
        if bad:
            found[str(file.relative_to(ROOT))] = bad
    return found


def test_the_imported_folders_are_those_of_this_tree() -> None:
    import actors
    import cluster

    assert Path(cluster.__file__).parents[1] == ROOT
    assert Path(actors.__file__).parents[1] == ROOT


def test_cluster_knows_neither_actors_nor_ray_nor_grpc_nor_protos() -> None:
    assert not offenders(sources("cluster"), ("actors", "evals", "training", "ray", "grpc", "counterpoint", "google"))


def test_actors_know_neither_evaluation_nor_training() -> None:
    assert not offenders(sources("actors"), ("evals", "training"))


def test_the_wire_package_stands_alone() -> None:
    assert not offenders(sources("protos"), ("cluster", "actors", "evals", "training", "ray", "torch", "redis"))


def test_torch_stays_in_the_model_the_engine_and_expert_shells_and_training() -> None:
    def may_use_torch(file: Path) -> bool:
        name = str(file.relative_to(ROOT))
        return name.startswith(("cluster/model/", "training/", "evals/bench/moe")) or name in (
            "cluster/engine.py",
            "actors/engine.py",
            "actors/expert.py",
        )

    files = [file for file in sources("cluster", "actors", "evals") if not may_use_torch(file)]
    assert not offenders(files, ("torch", "safetensors.torch"))


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_does_not_know_another_wing(wing: str) -> None:
    if not (ROOT / "cluster" / wing).exists():
        pytest.skip(f"no wing {wing} yet")
    others = tuple(f"cluster.{other}" for other in WINGS if other != wing)
    composers = ("cluster.runtime", "cluster.engine")
    assert not offenders(sources(f"cluster/{wing}"), others + composers)


def test_only_redis_store_files_import_redis_and_each_wing_has_at_most_one() -> None:
    users = [file for file in sources("cluster", "actors", "evals") if offenders([file], ("redis",))]
    assert all(file.name == "redis_store.py" for file in users), users
    folders = [file.parent for file in users]
    assert len(folders) == len(set(folders))


def test_cluster_asks_for_time_chance_and_environment_only_in_clock_and_config() -> None:
    found: dict[str, list[str]] = {}
    for file in sources("cluster"):
        name = str(file.relative_to(ROOT))
        if name in ("cluster/clock.py", "cluster/config.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                if CLOCKS & {n.split(".")[0] for n in names}:
                    found.setdefault(name, []).append(f"line {node.lineno}: imports {names}")
            if isinstance(node, ast.Attribute):
                text = ast.unparse(node)
                banned = ("os.environ", "os.getenv", "asyncio.sleep", "numpy.random", "np.random", "datetime.now")
                if text in banned or text.endswith((".default_rng", "loop.time")):
                    found.setdefault(name, []).append(f"line {node.lineno}: {text}")
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("torch.rand"):
                seeded = any(keyword.arg == "generator" for keyword in node.keywords)
                if not seeded:
                    found.setdefault(name, []).append(f"line {node.lineno}: unseeded {ast.unparse(node.func)}")
    assert not found


def test_no_import_cycle_anywhere() -> None:
    files = {module_of(file): file for file in sources("cluster", "actors", "evals", "training", "protos")}
    graph = {name: {target for target in imports_of(file) if target in files} - {name} for name, file in files.items()}
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"cycle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for target in sorted(graph[name]):
                walk(target, (*path, name))
            done.add(name)

    for name in sorted(graph):
        walk(name, ())


def test_files_stay_small() -> None:
    files = sources("cluster", "actors", "evals", "training", "protos")
    lengths = sorted((len(file.read_text().splitlines()), str(file.relative_to(ROOT))) for file in files)
    lengths = [pair for pair in lengths if pair[0] > 0]
    assert not [pair for pair in lengths if pair[0] > MAX_LINES]
    assert lengths[len(lengths) // 2][0] < MAX_MEDIAN
