"""The packages of the zoo, and how their text gets here: downloaded and unpacked, never imported."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.zoo.said_calls import keep_said


@dataclass(frozen=True)
class Package:
    """One package at one version."""

    name: str
    version: str
    folder: str
    """The importable folder in its wheel."""
    tree: str = ""
    """The part of it that is rewritten for the runs; all of it by default."""
    runs: bool = False


PACKAGES: Sequence[Package] = (
    Package("transformers", "5.23.0", "transformers", tree="models", runs=True),
    Package("timm", "1.0.31", "timm", runs=True),
    Package("torchvision", "0.28.0", "torchvision"),
    Package("vit-pytorch", "1.26.11", "vit_pytorch", runs=True),
    Package("segmentation-models-pytorch", "0.6.0", "segmentation_models_pytorch", runs=True),
    Package("sentence-transformers", "6.2.0", "sentence_transformers"),
    Package("peft", "0.21.2", "peft"),
    Package("gpytorch", "1.15.2", "gpytorch"),
    Package("litgpt", "0.5.13", "litgpt"),
    Package("torchtune", "0.6.1", "torchtune"),
    # written by single authors
    Package("x-transformers", "2.31.10", "x_transformers", runs=True),
    Package("vector-quantize-pytorch", "1.32.0", "vector_quantize_pytorch", runs=True),
    Package("denoising-diffusion-pytorch", "2.3.4", "denoising_diffusion_pytorch", runs=True),
    Package("pytorchcv", "0.0.74", "pytorchcv", tree="models", runs=True),
    # by teams
    Package("diffusers", "0.42.1", "diffusers", tree="models", runs=True),
    Package("torch-geometric", "2.8.1", "torch_geometric", tree="nn", runs=True),
    Package("torchaudio", "2.11.0", "torchaudio", tree="models", runs=True),
    Package("stable-baselines3", "2.9.2", "stable_baselines3", runs=True),
    Package("monai", "1.6.1", "monai", tree="networks", runs=True),
    Package("spandrel", "0.4.2", "spandrel", tree="architectures", runs=True),
)


def unpacked(package: Package, folder: Path) -> Path:
    """The package's folder, downloaded and unzipped below `folder` where it is not there yet."""
    target = folder / f"{package.name}-{package.version}"
    if not target.is_dir():
        wheels = folder / "wheels"
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(wheels),
             f"{package.name}=={package.version}"],
            check=True,
        )  # fmt: skip
        [wheel] = wheels.glob(f"{package.name.replace('-', '_')}-{package.version}-*.whl")
        half = target.with_suffix(".half")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(half)
        half.rename(target)
    return target / package.folder


def installed_folder(package: Package) -> Path:
    """Where the environment has the package; it is not imported for that."""
    spec = find_spec(package.folder)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package.name} is not installed: run `make zoo`")
    return Path(spec.origin).parent


def overlay(package: Package, original: Path, target: Path) -> None:
    """Makes a copy of the package in `target` whose tree is rewritten, to stand first on the path."""
    if target.is_dir():
        return
    half = target.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    copy = half / package.folder
    copy.mkdir(parents=True)
    if package.tree:
        for entry in original.iterdir():
            if entry.name not in (package.tree, "__pycache__"):
                (copy / entry.name).symlink_to(entry.resolve())
    rewrite(original / package.tree, copy / package.tree)
    half.rename(target)


def rewrite(original: Path, target: Path) -> None:
    """Rewrites a folder as a user would, in a process of its own; what it says is kept."""
    command = Path(sys.executable).with_name("autohook-gen")
    done = subprocess.run(
        [command, original, "-o", target, "--verbose", "--no-format"],
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    keep_said(done.stderr, original, target)
