"""The command line: `packshot shoot`, every step alone, and the service.

Exit codes: 0 all well; 1 a file failed; 2 a file broke a hard rule of its channel; 64 the command was not understood.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

import structlog
import typer

from packshot import __version__
from packshot.cli import lists, operate, serve, shoot, steps
from packshot.cli.common import say
from packshot.errors import BadOption, NotFound, PackshotError

USAGE = 64
# Typer carries a Click of its own and exports this class of it by its child only.
_UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    help="Raw product photos in, catalog-ready files out.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
shoot.add_to(app)
steps.add_to(app)
lists.add_to(app)
serve.add_to(app)
operate.add_to(app)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Say which version this is.")) -> None:
    if version:
        print(f"packshot {__version__}")
        raise typer.Exit


def main() -> None:
    """Run, and turn every error into one sentence and an exit code."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    warnings.filterwarnings("ignore", module="PIL")  # warnings about odd EXIF do not help the user
    try:
        code = app(standalone_mode=False)
    except _UsageError as wrong:
        wrong.show()
        code = USAGE
    except (typer.Abort, KeyboardInterrupt):
        say("Stopped. What was finished is kept; the same command goes on from there.")
        code = 130
    except PackshotError as error:
        say(f"error: {error.message}")
        code = USAGE if isinstance(error, BadOption | NotFound) else 1
    except BrokenPipeError:
        code = 0
    sys.exit(code or 0)
