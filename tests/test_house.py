"""The house stands: storeys, names, lock, wheel, Makefile. Each check is shown something it must find."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
STOREYS = ("daemon", "adapters", "notifications", "schedules")
# Translators' sources: the compiled catalogue beside them is what ships.
NOT_SHIPPED = {".po", ".pot"}


def run(
    *command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of what the product is made of, to build in or to damage."""
    copy = tmp_path / "house"
    copy.mkdir()
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    for storey in STOREYS:
        shutil.copytree(ROOT / storey, copy / storey, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


# --- storeys ---


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(Path(sys.executable).with_name("lint-imports"), "--no-cache", cwd=folder)


def test_a_storey_imports_only_what_is_below_it() -> None:
    result = lint_imports(ROOT)

    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("storey", "forbidden"),
    [
        ("schedules", "notifications"),
        ("notifications", "adapters"),
        ("adapters", "daemon"),
        ("notifications", "sqlalchemy"),
        ("notifications", "paho.mqtt.client"),
        ("schedules", "sqlalchemy"),
        ("schedules", "pydantic"),
        ("schedules", "jinja2"),
    ],
)
def test_an_import_against_the_storeys_is_found(house: Path, storey: str, forbidden: str) -> None:
    (house / storey / "planted.py").write_text(f"import {forbidden}\n", encoding="utf-8")

    result = lint_imports(house)

    assert result.returncode == 1, result.stdout
    assert f"{storey}.planted -> {forbidden.split('.', maxsplit=1)[0]}" in result.stdout


def foreign_imports(source: str, own: str) -> set[str]:
    """Top-level names that a module imports from neither the standard library nor its own storey."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {own}


def test_rules_need_the_standard_library_alone() -> None:
    found = {
        str(path.relative_to(ROOT)): foreign
        for path in (ROOT / "schedules").rglob("*.py")
        if (foreign := foreign_imports(path.read_text(encoding="utf-8"), "schedules"))
    }

    assert found == {}


def test_a_library_among_the_rules_is_found() -> None:
    source = "import datetime\nfrom schedules import plan\ndef f():\n    from msgspec.json import decode\n"

    assert foreign_imports(source, "schedules") == {"msgspec"}


# --- names ---


def strangers(owners: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Our four names, with whoever installs into them beside us."""
    found = {storey: set(owners.get(storey, ())) - {"hourkeeper"} for storey in STOREYS}
    return {storey: names for storey, names in found.items() if names}


def test_no_dependency_owns_one_of_our_names() -> None:
    owners = packages_distributions()

    assert strangers(owners) == {}
    assert {storey for storey in STOREYS if "hourkeeper" in owners.get(storey, ())} == set(STOREYS)


def test_a_dependency_with_one_of_our_names_is_found() -> None:
    owners = {"daemon": ["hourkeeper", "python-daemon"], "adapters": ["hourkeeper"], "click": ["click"]}

    assert strangers(owners) == {"daemon": {"python-daemon"}}


# --- wheel ---


def build_wheel(house: Path) -> set[str]:
    """The names of the files in the wheel of a copy."""
    target = house.parent / "wheel"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
    result = run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), ".", cwd=house)
    assert result.returncode == 0, result.stdout
    (wheel,) = target.glob("hourkeeper-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_of(house: Path) -> set[str]:
    """Every module and data file below the four folders."""
    return {
        path.relative_to(house).as_posix()
        for storey in STOREYS
        for path in (house / storey).rglob("*")
        if path.is_file() and path.suffix not in NOT_SHIPPED
    }


def test_the_wheel_holds_every_module_and_data_file_and_no_test(house: Path) -> None:
    expected = files_of(house)

    shipped = build_wheel(house)

    assert expected - shipped == set(), "list the package, or the data file's pattern, in pyproject.toml"
    assert {name for name in shipped - expected if not name.startswith("hourkeeper-0.1.0.dist-info/")} == set()
    licences = {name.partition("/licenses/")[2] for name in shipped if "/licenses/" in name}
    assert licences == {"LICENSE", "notifications/paper/OFL.txt"}


def test_an_unlisted_package_or_data_file_is_found(house: Path) -> None:
    (house / "adapters" / "planted").mkdir()
    (house / "adapters" / "planted" / "__init__.py").touch()
    (house / "notifications" / "planted.unlisted").touch()
    expected = files_of(house)

    shipped = build_wheel(house)

    assert {"adapters/planted/__init__.py", "notifications/planted.unlisted"} <= expected - shipped


# --- lock ---

PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][^\s;]*)(?: ; (?P<marker>[^#]+))?")


def lines_of(lock: str) -> list[str]:
    return [line for line in lock.splitlines() if line.strip() and not line.startswith("#")]


def not_pins(lock: str) -> list[str]:
    """Lines that are anything but `name==version`, with or without a marker; addresses anywhere."""
    odd = [line for line in lines_of(lock) if not PIN.fullmatch(line)]
    return odd + [line for line in lock.splitlines() if "://" in line and line not in odd]


def pins_of(lock: str) -> dict[str, str]:
    return {match["name"]: match["version"] for line in lines_of(lock) if (match := PIN.fullmatch(line))}


def unpinned(wanted: Iterable[str], pins: Mapping[str, str]) -> list[str]:
    """Requirements that apply here and that no pin satisfies."""
    found = []
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        if name == "hourkeeper" or not (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            continue
        if name not in pins or not requirement.specifier.contains(pins[name], prereleases=True):
            found.append(str(requirement))
    return found


def declared() -> Iterator[str]:
    """Every requirement in pyproject.toml: to build, to run, and of each extra."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)
    yield from table["build-system"]["requires"]
    yield from table["project"]["dependencies"]
    for extra in table["project"]["optional-dependencies"].values():
        yield from extra


@pytest.fixture
def lock() -> str:
    return (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_the_lock_holds_pins_and_no_address(lock: str) -> None:
    assert not_pins(lock) == []
    assert len(pins_of(lock)) == len(lines_of(lock)), "a name is pinned twice"


@pytest.mark.parametrize(
    "line",
    [
        "click>=8",
        "click",
        "--index-url https://packages.example/simple",
        "click @ https://packages.example/click.whl",
        "# from https://packages.example/simple",
        "-e .",
    ],
)
def test_what_is_no_pin_is_found(line: str) -> None:
    assert not_pins(f"# header\nrich==15.0.0\ncolorama==0.4.6 ; os_name == 'nt'\n{line}\n") == [line]


def test_the_lock_pins_what_the_project_declares(lock: str) -> None:
    assert unpinned(declared(), pins_of(lock)) == []


def test_the_lock_pins_what_the_pinned_need(lock: str) -> None:
    pins = pins_of(lock)
    here = {canonicalize_name(name) for names in packages_distributions().values() for name in names}

    missing = {name: needs for name in pins if name in here and (needs := unpinned(requires(name) or (), pins))}

    assert missing == {}
    assert len(here & set(pins)) > len(pins) / 2, "the environment is not made from the lock"


def test_a_requirement_without_a_fitting_pin_is_found() -> None:
    pins = {"click": "8.1.0", "rich": "15.0.0"}
    wanted = ["click>=8.5", "rich>=15", "PyYAML", "colorama>=1; os_name == 'nt'", "hourkeeper[demo]"]

    assert unpinned(wanted, pins) == ["click>=8.5", "PyYAML"]


# --- Makefile ---


def make_help(folder: Path) -> str:
    # A make above us (`make test`) must not hand its flags down.
    result = run("make", "help", cwd=folder, env={"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": ""})
    assert result.returncode == 0, result.stdout
    return result.stdout


def unexplained(folder: Path) -> set[str]:
    """Targets that `make help` does not list with a word of explanation."""
    text = (folder / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    assert targets == set(" ".join(re.findall(r"^\.PHONY:(.*)$", text, re.MULTILINE)).split())
    return targets - set(re.findall(r"^make ([a-z-]+) +\S", make_help(folder), re.MULTILINE))


def test_make_help_lists_each_target() -> None:
    assert unexplained(ROOT) == set()


def test_a_target_without_a_word_is_found(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (tmp_path / "Makefile").write_text(f"{text}\n.PHONY: planted\nplanted:\n\t@true\n", encoding="utf-8")

    assert unexplained(tmp_path) == {"planted"}


def test_help_is_what_make_does_by_default() -> None:
    bare = run("make", env={"MAKEFLAGS": "", "MFLAGS": "", "MAKELEVEL": ""})

    assert bare.stdout == make_help(ROOT)
