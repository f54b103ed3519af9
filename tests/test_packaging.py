"""What `pip install .` gives to somebody else: a wheel with the compiled modules and all that types and C code need."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path.stem for path in (ROOT / "fastpath").glob("*.pyx"))
IN_PLACE = shutil.ignore_patterns("*.so", "build", ".*", "__pycache__", "*.egg-info", "results")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("the wheel is the same whatever build the tests run against, and the compiler is slow under ASan")
    tree = tmp_path_factory.mktemp("tree") / "checkout"
    shutil.copytree(ROOT, tree, ignore=IN_PLACE)
    # The same setup.py has compiled them for the build in place: what is up to date there, with its C, is not compiled again.
    for compiled in (ROOT / "build").glob("lib.*/fastpath/*.so"):
        if compiled.name.split(".")[0] in SOURCES:
            copy = tree / compiled.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(compiled, copy)
    dist = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(dist), str(tree)]
    subprocess.run(command, check=True, timeout=600)
    (built,) = dist.glob("*.whl")
    unpacked = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.mark.timeout(700)
def test_the_wheel_holds_every_compiled_module_with_its_types_and_declarations(wheel):
    fastpath = wheel / "fastpath"
    assert sorted(path.name.split(".")[0] for path in fastpath.glob("*.so")) == SOURCES
    assert sorted(path.stem for path in fastpath.glob("*.pyi")) == SOURCES
    declared = {path.name for path in (ROOT / "fastpath").glob("*.pxd")}
    assert {path.name for path in fastpath.glob("*.pxd")} == declared
    assert (fastpath / "py.typed").exists()
    assert (wheel / "dataplane" / "py.typed").exists()


@pytest.mark.timeout(700)
@pytest.mark.parametrize("package", ["dataplane", "fastpath", "bench"])
def test_the_wheel_holds_every_python_module_and_no_generated_source(wheel, package):
    def python(folder):
        return sorted(str(path.relative_to(folder)) for path in (folder / package).rglob("*.py"))

    assert python(wheel) == python(ROOT)
    assert not list((wheel / package).rglob("*.c"))


@pytest.mark.timeout(700)
def test_the_wheel_works_away_from_the_checkout(wheel, tmp_path):
    program = "import fastpath, dataplane; e = fastpath.Engine(); print(fastpath.__file__, dataplane.__version__, e.turn(1))"
    environment = os.environ | {"PYTHONPATH": str(wheel)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(wheel / "fastpath" / "__init__.py"), "0.2.0", "0"]


@pytest.mark.timeout(700)
def test_the_wheel_holds_what_the_command_line_reads(wheel, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(wheel)}

    def dataplane(*words):
        command = [sys.executable, "-m", "dataplane", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    assert dataplane("--help") == (ROOT / "dataplane" / "cli" / "help.txt").read_text(encoding="utf-8")
    assert "bridge front" in dataplane("graph", str(wheel / "dataplane" / "demo" / "bridge.yaml"))
