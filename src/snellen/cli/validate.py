"""`snellen validate`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from snellen.probes._validity import Validity
    from snellen.validity import Plan


def validate(
    *,
    probes: Annotated[str | None, Parameter(help="Comma-separated names. Default: all that claim to detect something.")] = None,
    seeds: int = 5,
    first_seed: int = 101,
    jobs: int = 2,
    out: Path = Path("validity"),
    write: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> int:
    """Examine the exam: can each probe tell networks with a planted condition from controls?

    Networks are trained afresh from several seeds, with the condition and without, and examined on a drawn world. Printed are
    sensitivity, specificity and AUC, with intervals. Running the same command again trains and asks only what is missing.

    - All probes, about half an hour on two cores: `snellen validate`
    - One probe: `snellen validate --probes calibration`
    - What it would take: `snellen validate --dry-run`

    Parameters:
        seeds: how many times each network is trained; fewer than 3 can show nothing.
        first_seed: of the first of them; the others follow it.
        jobs: networks trained or examined at once, one core each.
        out: folder for networks, exams, `validity.json` and `validity.md`.
        write: in a checkout of Snellen, write also what reports and documentation say of validity. Needs all probes.
        dry_run: print what would be trained and about how long it takes, and stop.
        quiet: no progress.
    """
    from snellen.core import SnellenError
    from snellen.probes._validity import to_json
    from snellen.run.progress import Progress
    from snellen.validity import Plan, claims_of
    from snellen.validity import validate as conduct
    from snellen.validity.page import markdown

    for name, number, most in (("--seeds", seeds, 1000), ("--jobs", jobs, 256)):
        if not 1 <= number <= most:
            raise SnellenError(f"got {name} {number}; expected a number from 1 to {most:,}")
    if first_seed < 0:
        raise SnellenError(f"got --first-seed {first_seed}; expected 0 or more")
    targets = _committed() if write else ()
    if write and probes is not None:
        raise SnellenError("got --write with --probes; expected all probes, so that none is lost: leave out one of the two")
    claims = claims_of(None if probes is None else [name.strip() for name in probes.split(",") if name.strip()])
    numbers = range(first_seed, first_seed + seeds)
    if dry_run:
        return _plan(Plan.of(claims, numbers, out), jobs)
    command = shlex.join(["snellen", *sys.argv[1:]])
    done = conduct(claims, seeds=numbers, folder=out, jobs=jobs, command=command, progress=Progress(quiet))
    for path, content in ((out / "validity.json", to_json(done)), (out / "validity.md", markdown(done).encode())):
        path.write_bytes(content)
    for path, content in zip(targets, (to_json(done), markdown(done).encode()), strict=False):
        path.write_bytes(content)
    _print(done, out)
    return 3 if any(reading.verdict == "failed" for one in done.validations for reading in one.readings) else 0


def _committed() -> tuple[Path, Path]:
    """Where reports read it, and the page of the documentation."""
    import snellen
    from snellen.core import SnellenError
    from snellen.probes._validity import FILE

    package = Path(snellen.__file__).parent
    page = package.parents[1] / "docs" / "validity.md"
    if not page.parent.is_dir():
        raise SnellenError(f"got --write, but {package} is no checkout of Snellen with its docs; expected one: leave out --write")
    return package / "probes" / FILE, page


def _plan(plan: Plan, jobs: int) -> int:
    """Print what is missing, and about how long it takes."""
    from rich.table import Table

    from snellen.cli.console import console

    screen = console()
    table = Table("network", "seeds", "to train", "questions each", "about, of one core", title="The plan")
    for recipe in dict.fromkeys(network.recipe for network in plan.networks):
        own = [network for network in plan.networks if network.recipe == recipe]
        missing = sum(not plan.trained(network) for network in own)
        asked = max(len(plan.asked.get(network, (None,))) for network in own)
        minutes = sum(map(plan.seconds, own)) / 60
        table.add_row(recipe, str(len(own)), str(missing), str(asked), f"{minutes:.1f} min")
    screen.print(table)
    minutes = sum(map(plan.seconds, plan.networks)) / 60 / jobs
    screen.print(f"Trained networks and exams are kept in {plan.folder}", markup=False)
    screen.print(f"About {max(minutes, 1):.0f} minutes with --jobs {jobs}", markup=False)
    return 0


def _print(done: Validity, out: Path) -> None:
    """A row for each claim, then what could not be had, and where the rest is."""
    from rich.table import Table

    from snellen.cli.console import console

    screen = console()
    table = Table("finding", "patients", "controls", "sensitivity", "specificity", "AUC", "", title="Validity")
    for one in done.validations:
        shares = [f"{share.hits} of {share.n} [{share.low:.2f}, {share.high:.2f}]" for share in (one.sensitivity, one.specificity)]
        area = f"{one.auc:.2f} [{one.low:.2f}, {one.high:.2f}]".replace("[", r"\[")
        verdict = "[green]detected[/]" if one.told else "[red]not detected[/]"
        names = (one.finding, ", ".join(one.positives), ", ".join(one.negatives))
        table.add_row(*names, *(share.replace("[", r"\[") for share in shares), area, verdict)
    screen.print(table)
    for one in done.validations:
        for reading in one.readings:
            if reading.value is None:
                text = f"{one.finding} of {reading.recipe}, seed {reading.seed}: {reading.verdict}: {reading.reason}"
                screen.print(text, markup=False, soft_wrap=True)
    screen.print(f"Page: {out / 'validity.md'}", markup=False, soft_wrap=True)
