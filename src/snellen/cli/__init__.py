"""The command line: `snellen exam`, and a command for each other thing that can be done: see `snellen --help`."""

from __future__ import annotations

import sys

from cyclopts import App, CycloptsError, Parameter

from snellen import __version__
from snellen.cli import attack, dissect, exam, explain, lists, people, perturb, runs, shift, task, train, treat, validate, visualize

FINE, UNMET, USAGE, PROBE_FAILED = 0, 1, 2, 3

app = App(
    name="snellen",
    version=__version__,
    help="""An eye exam for vision models.

Give it an image classifier and images; it tells how well the model sees, what it looks at, whether it holds when images
change, whether it errs as people err and whether its confidence is honest: with intervals, on one page.

Try it: `snellen exam` examines a real ImageNet classifier on photographs that ship inside Python packages.

Exit codes: 0 fine, 1 a requirement was not met, 2 usage, 3 a probe failed (the others still report).""",
    help_format="markdown",
    default_parameter=Parameter(negative=()),
)
app.command(exam.exam)
app.command(train.train)
app.command(validate.validate)
app.command(lists.list_, name="list")
app.command(lists.show)
app.command(runs.judge)
app.command(runs.report)
app.command(runs.compare)
app.command(runs.cite)
app.command(shift.shift)
app.command(explain.explain)
app.command(visualize.visualize)
app.command(visualize.dream)
app.command(dissect.dissect)
app.command(task.task)
app.command(attack.attack)
app.command(treat.app)
app.command(perturb.app)
app.command(people.app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(call(arguments))


def call(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    from snellen.core import SnellenError

    try:
        code = app(arguments, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return USAGE
    except SnellenError as error:
        from rich.console import Console

        Console(stderr=True, soft_wrap=True, highlight=False, emoji=False).print("Error:", str(error), markup=False)
        return USAGE
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on from here.", file=sys.stderr)
        return 130
    return code if isinstance(code, int) else FINE
