"""`make install` puts the product where the units look for it, and a second time leaves what the operator wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("adapters", "daemon", "notifications", "schedules", "systemd")
FILES = ("Makefile", "pyproject.toml", "requirements.txt", "README.md", "LICENSE")
UNITS = ("hourkeeper.service", "hourkeeper@.service")


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    words = [str(word) for word in command]
    return subprocess.run(
        words,
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**kept, **environment},
        stdin=subprocess.DEVNULL,
    )


@dataclass(frozen=True)
class Installed:
    """A tree of the sources, and the folder into which it is installed."""

    sources: Path
    root: Path

    @property
    def command(self) -> Path:
        return self.root / "opt" / "hourkeeper" / "bin" / "hourkeeper"

    @property
    def config(self) -> Path:
        return self.root / "etc" / "hourkeeper.toml"

    def install(self) -> None:
        places = (f"PREFIX={self.root}/opt/hourkeeper", f"SYSTEMD={self.root}/lib", f"CONFIG={self.root}/etc")
        done = run("make", "install", "EXTRAS=excel", *places, cwd=self.sources)
        assert done.returncode == 0, done.stderr

    def says(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        store = f"sqlite:///{self.root}/hourkeeper.db"
        return run(self.command, "--config", self.config, *words, HOURKEEPER_STORE__URL=store)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("install")
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, sources)
    found = Installed(sources, folder / "root")
    found.install()
    return found


def test_the_installed_command_works_with_the_installed_configuration(installed: Installed) -> None:
    assert installed.says("check-config").returncode == 0
    assert installed.says("db", "upgrade").returncode == 0
    machines = installed.says("machines", "list", "--format", "json")
    assert (machines.returncode, machines.stdout.strip()) == (0, "[]")


def test_the_units_start_what_was_installed(installed: Installed) -> None:
    for name in UNITS:
        text = (installed.root / "lib" / "systemd" / "system" / name).read_text()
        assert f"ExecStart={installed.command} " in text


def test_a_second_time_the_operator_s_configuration_is_kept(installed: Installed) -> None:
    installed.config.write_text('[web]\nlisten = "127.0.0.1:9"\n')
    installed.install()

    assert installed.config.read_text() == '[web]\nlisten = "127.0.0.1:9"\n'
    assert installed.says("check-config").returncode == 0


def test_account_and_folders_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    account, folders = (ROOT / "systemd" / f"hourkeeper.{name}" for name in ("sysusers", "tmpfiles"))
    wanted = tmp_path / "folders.conf"
    text = folders.read_text()
    # Only root may give folders away: whoever else tests this keeps them.
    wanted.write_text(
        text if os.geteuid() == 0 else text.replace("root hourkeeper", "- -").replace("hourkeeper -", "- -")
    )
    for command in (("systemd-sysusers", account), ("systemd-tmpfiles", "--create", wanted)):
        made = run(command[0], f"--root={tmp_path}", *command[1:])
        assert made.returncode == 0, made.stderr

    assert "hourkeeper:" in (tmp_path / "etc" / "passwd").read_text()
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("etc/hourkeeper", "var/backups/hourkeeper")}
    assert modes == {"etc/hourkeeper": 0o750, "var/backups/hourkeeper": 0o700}
