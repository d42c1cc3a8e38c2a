"""What people install: the wheel and the sdist, each in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def _build(kind: str, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    suffix = "*.whl" if kind == "wheel" else "*.tar.gz"
    (found,) = folder.glob(suffix)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    return _build("wheel", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_contains_all_data(wheel: Path) -> None:
    """Profiles, the starter project, migrations and type marks are in the wheel."""
    names = set(zipfile.ZipFile(wheel).namelist())
    profiles = {
        f"regard_config/profiles/{path.name}"
        for path in (ROOT / "config/regard_config/profiles").glob("*.toml")
    }
    migrations = {
        f"regard/store/migrations/versions/{path.name}"
        for path in (ROOT / "core/regard/store/migrations/versions").glob("*.py")
    }

    assert profiles
    assert migrations
    assert set() == profiles - names
    assert set() == migrations - names
    assert "regard_config/starter/regard.toml" in names
    assert "regard/py.typed" in names
    assert not [name for name in names if name.split("/")[0] in {"tests", "core", "plugins"}]


def test_the_wheel_runs_the_demo_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed alone, the wheel makes the demo project, runs it and prints its report."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    done = subprocess.run(
        [home / "bin" / "regard", "demo", "world"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert "quarantine" in done.stdout
    assert (tmp_path / "world" / "regard.db").exists()


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Whoever builds from the sdist gets the files that the wheel has."""
    sdist = _build("sdist", tmp_path)
    with tarfile.open(sdist) as archive:
        # Python 3.11 before 3.11.4 knows no filters; the archive is our own.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path / "source", **safely)
    (source,) = (tmp_path / "source").iterdir()
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "out"), str(source)],
        check=True,
        capture_output=True,
    )
    (again,) = (tmp_path / "out").glob("*.whl")

    assert sorted(zipfile.ZipFile(wheel).namelist()) == sorted(zipfile.ZipFile(again).namelist())
