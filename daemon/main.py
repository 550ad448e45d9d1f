"""The command line `hourkeeper`: finds the command, runs it, and turns what goes wrong into one message and a code.

Exit codes: 0 did its work; 1 refused, or a check found a fault; 2 usage, configuration, or a file or store that
cannot be read.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from daemon.commands.catalogue import COMMANDS
from daemon.lazy_group import LazyGroup

_INTERRUPTED = 130


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`hourkeeper COMMAND --help` explains a command and shows an example.",
)
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The configuration (TOML). Default: $HOURKEEPER_CONFIG, else ./hourkeeper.toml, else the defaults.",
)
@click.version_option(package_name="hourkeeper", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, file: Path | None) -> None:
    """Turns machine hours into maintenance work orders, and tells the people who must act."""
    context.obj = file


def run(arguments: Sequence[str]) -> int:
    """Run a command line; its exit code."""
    try:
        code = cli.main(list(arguments), prog_name="hourkeeper", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return 2 if isinstance(problem, click.FileError) else problem.exit_code
    except click.Abort:
        return _INTERRUPTED
    except Exception as problem:
        from daemon.failures import explained

        failure = explained(problem)
        if failure is None:
            raise
        click.echo(f"Error: {failure.message}", err=True)
        return failure.code
    return code if isinstance(code, int) else 0


def main() -> None:
    """The installed command."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
