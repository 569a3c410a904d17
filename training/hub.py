"""The hub folders that come out of this: their names, files and manifest."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from .data import ROOT
from .model import CrossEncoder
from .pairs import CANARIES
from .score import torch_logits
from .text import PairEncoder

WORK = ROOT / "training" / ".work"
MAX_LENGTH = 256  # tokens of a pair


@dataclass(frozen=True)
class Hub:
    """A model to ship. `files`: dtype to path; `block`: weights per 4-bit scale."""

    name: str
    files: dict[str, str]
    recommended: dict[str, str]
    block: int
    positions: int
    # What the first stage's order counts for, in logits; chosen on mined lists (README.md).
    first_stage_weight: float = 0.0
    # Of the word embeddings in a late-interaction model's q8 file.
    word_bits: int = 8
    languages: tuple[str, ...] = ("en",)
    license: str = "Apache-2.0"
    # Hub id of the model whose weights these were.
    base: str = "sentence-transformers/all-MiniLM-L6-v2"
    models: Path = ROOT / "models"

    @property
    def folder(self) -> Path:
        return self.models / self.name

    @property
    def work(self) -> Path:
        return WORK / self.name


HUBS = {
    "small": Hub(
        "page-rerank-small-en", {"q8": "onnx/model_quantized.onnx", "q4": "onnx/model_q4.onnx"},
        {"webgpu": "q4", "wasm": "q8", "cpu": "q8"}, block=64, positions=512, first_stage_weight=0.6),
    "tiny": Hub(
        "page-rerank-tiny-en", {"q4": "onnx/model_q4.onnx"},
        {"webgpu": "q4", "wasm": "q4", "cpu": "q4"}, block=128, positions=256),
    "zh": Hub(
        "page-rerank-small-zh", {"q8": "onnx/model_quantized.onnx"},
        {"wasm": "q8", "cpu": "q8"}, block=64, positions=512, word_bits=4, languages=("zh",), license="MIT",
        base="BAAI/bge-small-zh-v1.5"),
}


def hub_of(kind: str, out: Path | None) -> Hub:
    """A bundled model's hub folder, or one of its kind anywhere else."""
    return replace(HUBS[kind], name=out.resolve().name, models=out.resolve().parent) if out else HUBS[kind]


def write_json(file: Path, value, indent: int | None = 2) -> None:
    file.write_text(json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def manifest(model: CrossEncoder, hub: Hub) -> dict:
    """page-rerank.json: what a runtime must know to fetch, check and trust the files."""
    encoded = PairEncoder(MAX_LENGTH, model.kept_ids)([c[:2] for c in CANARIES])
    logits = torch_logits(model, encoded, batch=1)
    for (query, document, relevant), logit in zip(CANARIES, logits):
        if (logit > 0) != relevant:
            print(f"warning: canary logit {logit:.2f}, relevant={relevant}: {query!r} / {document[:40]!r}")
    errors = json.loads((hub.work / "quantize.json").read_text())
    # Wide enough for another device's rounding, narrow against the spread of the canaries.
    tolerance = {d: round(max(0.1, 2 * e["maxLogitError"]), 2) for d, e in errors.items()}
    files = {}
    for file in sorted(hub.folder.rglob("*")):
        if file.is_file() and file.suffix in (".json", ".onnx") and file.name != "page-rerank.json":
            content = file.read_bytes()
            files[file.relative_to(hub.folder).as_posix()] = {
                "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
            }
    revision = hashlib.sha256("".join(f["sha256"] for f in files.values()).encode()).hexdigest()[:12]
    value = {
        "id": hub.name,
        "revision": revision,
        "architecture": "bert",
        "languages": hub.languages,
        "license": hub.license,
        "maxLength": MAX_LENGTH,
        "activation": "sigmoid",
        "firstStageWeight": hub.first_stage_weight,
        "parameters": model.parameter_count,
        "dtypes": {d: {"file": f, "maxLogitError": errors[d]["maxLogitError"]} for d, f in hub.files.items()},
        "independentLayers": model.independent,
        "recommended": hub.recommended,
        "files": files,
        "canaries": [
            {"query": q, "document": d, "logit": round(float(x), 5)} for (q, d, _), x in zip(CANARIES, logits)
        ],
        "tolerance": tolerance | {"fp32": 0.001},
    }
    write_json(hub.folder / "page-rerank.json", value)
    return value
