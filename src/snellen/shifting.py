"""One model, an old test set and a new one: how much it loses, and whether that is more than other models lose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from snellen.api import Exam, conduct, specify
from snellen.baselines import read_baselines
from snellen.core import Probe, SnellenError
from snellen.probes.accuracy import Accuracy
from snellen.probes.new_test_set import NewTestSet
from snellen.run.progress import Progress
from snellen.run.runner import run
from snellen.run.spec import Spec


def shift(
    model: Any,
    old: Any,
    new: Any,
    *,
    pool: str = "",
    scale: str = "probit",
    require: Iterable[str] = (),
    progress: Progress | None = None,
    **options: Any,
) -> Exam:
    """Examine a model on an old test set and on a new one (recht-2019), and write one page about both.

    Args:
        model: as in `snellen.exam`.
        old: the image set on which it was chosen, as in `snellen.exam`.
        new: the image set that stands for its use.
        pool: a table of other models' accuracies on the same two sets, `PATH` or `PATH#SHIFTED`: see `snellen.baselines`.
        scale: of the line through them: probit, logit or linear.
        require: requirements such as "new-test-set.drop<=0.1".
        progress: where to tell how far it is; quiet unless given.
        options: see `snellen.api.specify`: out, labels, categories, preprocessing, sample, seed, device, batch_size, trust …

    Raises:
        SnellenError: something given cannot be used, or the images of the old set have no categories.
    """
    if pool:
        read_baselines(pool)
    probe = NewTestSet(pool=pool, scale=scale)
    spec = specify(model, [old, new], ["accuracy"], **options)
    first, second = spec.images
    right, n = _answers(replace(spec, images=(first,)), progress)
    asked: tuple[Probe, ...] = (Accuracy(), replace(probe, original=f"{right}/{n}", shifted=second.name))
    return conduct(replace(spec, probes=asked), require, progress)


def _answers(spec: Spec, progress: Progress | None) -> tuple[int, int]:
    """Right answers on the old test set, and images."""
    done = run(spec, progress)
    found = next((finding for finding in done.findings if finding.id == "accuracy.top1"), None)
    if found is None or found.value is None:
        reason = found.reason if found else done.sections[0].reason
        name = spec.images[0].name
        raise SnellenError(f"got no accuracy on the old test set, {name}: {reason}; expected a category for every image")
    return round(found.value * found.n), found.n
