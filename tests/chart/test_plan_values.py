"""`counterpoint plan`: its report, and the values file it writes, rendered by the chart and read by the cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chart_tools import CHART, config_toml, helm, rendered, worker_groups
from click.testing import Result
from typer import Typer
from typer.testing import CliRunner

from actors.plan import plan
from cluster.config import Config, load
from cluster.planning.shapes import PRESETS

app = Typer()
app.command()(plan)

RECORDED = Path(__file__).parents[1] / "plans" / "two-cores.json"
OF_THE_DESIGN = {
    "model": str,
    "sessions_per_gpu": int,
    "binds": str,
    "all_to_all_us": dict,
    "kv_gb_per_hour": float,
    "failover_s": float,
    "cost_per_session_hour": float,
    "derate": float,
    "checks": list,
}
EP = {"counterpoint-micro": 1, "olmoe-1b-7b": 1, "gpt-oss-20b": 1, "mixtral-8x7b": 8, "deepseek-v3": 32}  # else 16


def run(*options: str) -> Result:
    return CliRunner().invoke(app, [part for option in options for part in option.split()])


def told(*options: str) -> dict:
    done = run("--json", *options)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def config_of(file: Path) -> Config:
    (file.parent / "config.toml").write_text(config_toml(rendered(file)) or "")
    return load(file.parent / "config.toml", env={})


def test_the_report_has_the_fields_of_the_design_with_its_derate() -> None:
    report = told("--model qwen3-30b-a3b --gpu h200 --ep 8 --derate 2")
    assert {name: type(report[name]) for name in OF_THE_DESIGN} == OF_THE_DESIGN
    assert report["derate"] == 2
    assert all({"point", "published", "predicted", "error", "derate"} <= set(check) for check in report["checks"])
    assert report["cost_per_session_hour"] == pytest.approx(3.2 / report["sessions_per_gpu"], abs=1e-4)


def test_every_figure_a_person_reads_says_what_it_rests_on() -> None:
    rows = [line for line in run("--derate 1.7").stdout.splitlines() if line.startswith("│")]
    assert len(rows) >= 14
    assert sum("derate 1.7" in row for row in rows) >= 6
    assert all("derate" in row for row in rows)


@pytest.mark.parametrize("model", PRESETS)
def test_values_of_a_plan_render_and_are_read_by_the_cluster(model: str, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    report = told(f"--model {model} --gpu h200 --ep {EP.get(model, 16)} --values {file}")
    config, groups, ranks = config_of(file), worker_groups(rendered(file)), report["hardware"]["ep"]
    assert helm("lint", "--strict", str(CHART), "--values", str(file)).returncode == 0
    assert config.scheduler.max_sessions == min(512, report["sessions_per_gpu"])
    assert groups["engine"]["replicas"] + groups["expert"]["replicas"] == ranks
    assert {groups[role]["resources"]["GPU"] for role in ("engine", "expert")} == {"1"}
    assert config.experts.exchange == ("alltoall" if ranks > 1 else "local")
    assert config.experts.shards == ranks
    assert f"{report['sessions_per_gpu']} sessions per GPU at derate 1.5" in file.read_text()


def test_values_say_what_this_version_does_not_do(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    report = told(f"--model deepseek-v3 --gpu b200 --ep 32 --values {file}")
    said = " ".join(report["not_yet"])
    for word in ("GPUs that nothing uses", "1-byte weights", "1-byte KV", "latent attention", "shared experts"):
        assert word in said
    assert all(f"# - {what}" in file.read_text() for what in report["not_yet"])
    served = told("--model qwen3-30b-a3b --gpu h200 --ep 1 --weight-bytes 2 --kv-bytes 4")["not_yet"]
    assert len(served) == 1


def test_values_of_a_measured_machine_need_no_gpu_and_keep_the_reserve(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    fit = told(f"--model counterpoint-micro --fit {RECORDED} --values {file}")["fit"]
    groups = worker_groups(rendered(file))
    assert config_of(file).scheduler.max_sessions == fit["rated"] < fit["predicted"]
    assert {groups[role]["resources"]["GPU"] for role in ("engine", "expert")} == {"0"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("--ep 2 --weight-bytes 2", "weights binds"),
        ("--model qwen3-30b-a3b --ep 128", "at most 64 ranks"),
        ("--model qwen4", "--model"),
        ("--gpu h300", "--gpu"),
        ("--fit nothing.json", "bench --only capacity"),
    ],
)
def test_a_plan_that_cannot_be_made_is_refused_by_option(options: str, named: str, tmp_path: Path) -> None:
    done = run(options, f"--values {tmp_path}/values.yaml")
    assert done.exit_code == 2
    assert named in " ".join(done.output.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_on_disk_is_planned_by_its_config() -> None:
    folder = Path(__file__).parents[2] / "models" / "counterpoint-micro"
    report = told(f"--model {folder} --gpu h100 --ep 1")
    assert report["model"] == "counterpoint-micro"
    assert report["sessions_per_gpu"] > 0
