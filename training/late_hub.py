"""The hub folder of a late-interaction model: encoder files, codes, configuration, manifest."""

import hashlib
import json
import math
import random
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from torch import nn

from .codes import TERMS
from .data import read_jsonl
from .encoder_onnx import OUTPUT, WORDS, write_encoder
from .hub import Hub, write_json
from .late import QUERY_LENGTH, LateInteraction, pad, save
from .mine import rows_of_lists
from .pairs import canaries, natural
from .quantize import four_bit_lookup, q4, q8, rank_correlation
from .score import sample_pairs
from .text import single_tokenizer_json, tokenizer_config

RARITY = "rarity.bin"
SHORTLIST = 256  # documents, at least, that the first bit leaves to all of them


def calibrate(late: LateInteraction, rows: list[dict], most: int) -> dict:
    """Fit logit' = a · logit + b on rows that nothing is reported of, so that a sigmoid of 0.5 means "as likely as not" when relevant and
    irrelevant documents are equally common: positives against a hard negative and other rows' documents, weighed equally."""
    rows = [row for row in rows if row["negatives"]]
    random.Random(5).shuffle(rows)
    count = min(most, len(rows) // 4)
    pairs, labels = [], []
    for i, row in enumerate(rows[:count]):
        others = [other["positive"] for other in rows[count + 3 * i : count + 3 * i + 3]]
        for document in [row["positive"], row["negatives"][0], *others]:
            pairs.append((row["query"], document))
            labels.append(float(document == row["positive"]))
    late.scale, late.shift = 1.0, 0.0
    x, y = torch.from_numpy(late.logits(pairs)), torch.tensor(labels, dtype=torch.float64)
    weight = torch.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    center, spread = x.mean(), x.std()
    line = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=200)

    def loss():
        optimizer.zero_grad()
        value = nn.functional.binary_cross_entropy_with_logits(line[0] * (x - center) / spread + line[1], y, weight)
        value.backward()
        return value

    optimizer.step(loss)
    line = line.detach()
    late.scale = round(float(line[0] / spread), 6)
    late.shift = round(float(line[1] - line[0] * center / spread), 6)
    fitted = late.scale * x + late.shift
    return {
        "pairs": len(pairs), "scale": late.scale, "shift": late.shift,
        "positivesAboveHalf": round(float((fitted[y > 0] > 0).double().mean()), 3),
        "negativesBelowHalf": round(float((fitted[y == 0] < 0).double().mean()), 3),
    }


class OnnxEncoder:
    """Token embeddings of an encoder file, one text a run."""

    def __init__(self, file: Path, threads: int = 1):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def __call__(self, ids: list[np.ndarray]) -> list[np.ndarray]:
        return [self.run(*pad([one]))[0] for one in ids]

    def run(self, ids: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
        return self.session.run([OUTPUT], {"input_ids": ids.numpy().astype(np.int32), "attention_mask": mask.numpy().astype(np.int32)})[0]


def check_encoder(late: LateInteraction, file: Path, texts: list[str]) -> dict:
    """Largest differences of embeddings: ONNX against PyTorch on padded batches, padded against alone."""
    ids = late.texts(texts, late.document_length)
    encoder = OnnxEncoder(file)
    alone = encoder(ids)
    exported = padding = 0.0
    for at in range(0, len(ids), 8):  # unsorted, so that padding is uneven
        batch = pad(ids[at : at + 8])
        ours = encoder.run(*batch)
        with torch.no_grad():
            theirs = late.encoder.segment_states(*batch)[1].numpy()
        for row, one in enumerate(ids[at : at + 8]):
            exported = max(exported, float(np.abs(ours[row] - theirs[row])[: len(one)].max()))
            padding = max(padding, float(np.abs(ours[row, : len(one)] - alone[at + row]).max()))
    return {"texts": len(ids), "onnxAgainstTorch": exported, "paddedAgainstAlone": padding}


def write_files(late: LateInteraction, hub: Hub) -> None:
    (hub.folder / "onnx").mkdir(parents=True, exist_ok=True)
    hub.work.mkdir(parents=True, exist_ok=True)
    write_encoder(late.encoder, hub.work / "model.onnx")
    for dtype, file in hub.files.items():
        if dtype == "fp32":
            shutil.copy(hub.work / "model.onnx", hub.folder / file)
            continue
        source = hub.work / "to-quantize.onnx"
        # A GPU has no lookup in int8: it would wait for the CPU's.
        tables = ("words", "positions") if hub.word_bits == 8 else ("positions",)
        write_encoder(late.encoder, source, int8=tables if dtype == "q8" else (), fused=dtype != hub.recommended["cpu"])
        if dtype == "q8" and hub.word_bits == 4:
            graph = onnx.load(source)
            four_bit_lookup(graph, WORDS)
            onnx.save(graph, source)
        q8(source, hub.folder / file) if dtype == "q8" else q4(source, hub.folder / file, hub.block)
    (hub.folder / RARITY).write_bytes(late.rarity.tobytes())
    config = {k: v for k, v in late.encoder.config.items() if not k.startswith("_") and k not in ("base", "kept_ids", "independent_layers")}
    for name in ("gradient_checkpointing", "transformers_version"):
        config.pop(name, None)
    write_json(hub.folder / "config.json", config | {"architectures": ["BertModel"], "model_type": "bert"})
    write_json(hub.folder / "tokenizer.json", single_tokenizer_json(late.encoder.kept_ids, late.encoder.base), indent=None)
    write_json(hub.folder / "tokenizer_config.json", tokenizer_config(late.encoder.base))


def logit_errors(late: LateInteraction, hub: Hub, pairs: list[tuple[str, str]], a_query: int) -> dict:
    """Of each file's logits, against PyTorch's in full precision; both through the codes."""
    queries, documents = (list(dict.fromkeys(side)) for side in zip(*pairs))
    exact = late.logits(pairs)
    report = {}
    for dtype, file in [("fp32", hub.work / "model.onnx"), *((d, hub.folder / f) for d, f in hub.files.items())]:
        encoder = OnnxEncoder(file)
        asked = {q: late.ask_embedded(x, i) for q, i in zip(queries, late.texts(queries, QUERY_LENGTH)) for x in encoder([i])}
        kept = {d: late.keep_embedded(x) for d, i in zip(documents, late.texts(documents, late.document_length)) for x in encoder([i])}
        logits = np.array([late.logit(asked[q], kept[d]) for q, d in pairs])
        error = np.abs(logits - exact)
        within = [rank_correlation(logits[i : i + a_query], exact[i : i + a_query]) for i in range(0, len(exact), a_query)]
        report[dtype] = {
            "pairs": len(pairs), "maxLogitError": round(float(error.max()), 4), "p99LogitError": round(float(np.quantile(error, 0.99)), 4),
            "meanLogitError": round(float(error.mean()), 4), "rankCorrelationPerQuery": round(float(np.mean(within)), 4),
            "bytes": Path(file).stat().st_size,
        }
    return report


def manifest(late: LateInteraction, hub: Hub, errors: dict) -> dict:
    """page-rerank.json: what a runtime must know to fetch, check, trust and score the files."""
    pairs = canaries(hub.languages)
    logits = late.logits(pairs)
    for (query, document, relevant), logit in zip(pairs, logits):
        if hub.languages and (logit > 0) != relevant:
            print(f"warning: canary logit {logit:.2f}, relevant={relevant}: {query!r} / {document[:40]!r}")
    files = {}
    for file in sorted(hub.folder.rglob("*")):
        if file.is_file() and file.suffix in (".json", ".onnx", ".bin") and file.name != "page-rerank.json":
            content = file.read_bytes()
            files[file.relative_to(hub.folder).as_posix()] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    value = {
        "kind": "late-interaction",
        "id": hub.name,
        "revision": hashlib.sha256("".join(f["sha256"] for f in files.values()).encode()).hexdigest()[:12],
        "architecture": "bert",
        "languages": hub.languages,
        "license": hub.license,
        "base": hub.base,
        "maxLength": late.document_length,
        "queryMaxLength": QUERY_LENGTH,
        "dimensions": late.encoder.config["hidden_size"],
        "activation": "sigmoid",
        "parameters": late.encoder.encoder_parameter_count,
        "codes": {"bits": late.bits, "step": late.format.step, "scales": late.format.scales, "shortlist": SHORTLIST},
        "terms": {
            "weights": {name: round(late.weights[name], 4) for name in TERMS}, "rarity": RARITY,
            "scale": late.scale, "shift": late.shift,
        },
        "firstStageWeight": round(late.first_stage_weight * late.scale, 3),
        "dtypes": {d: {"file": f, "maxLogitError": errors[d]["maxLogitError"]} for d, f in hub.files.items()},
        "recommended": hub.recommended,
        "files": files,
        "canaries": [{"query": q, "document": d, "logit": round(float(x), 5)} for (q, d, _), x in zip(pairs, logits)],
        # Wide enough for another device's rounding, narrow against the spread of the canaries.
        "tolerance": {d: math.ceil(100 * max(0.02 if d == "fp32" else 0.1, 2 * e["maxLogitError"])) / 100 for d, e in errors.items()},
    }
    write_json(hub.folder / "page-rerank.json", value)
    return value


def publish(late: LateInteraction, hub: Hub, data: Path, queries: int = 12, a_query: int = 10, mined: Path | None = None, rows: int = 300) -> dict:
    """Everything of a hub folder, and what was measured on the way. `mined`: what to calibrate on, where it is not the dev rows."""
    late.weights = {name: round(weight, 4) for name, weight in late.weights.items()}
    calibrated_on = rows_of_lists(mined) if mined else list(read_jsonl(data / "dev" / "dev.jsonl.gz"))
    report = {"calibration": calibrate(late, calibrated_on, rows)}
    late.encoder.limit_positions(max(late.document_length, hub.positions))
    write_files(late, hub)
    report["check"] = check_encoder(late, hub.work / "model.onnx", [text for pair in natural(hub.languages)[:30] for text in pair] + ["", "a"])
    if report["check"]["onnxAgainstTorch"] > 1e-4:
        raise SystemExit(f"the encoder's graph disagrees with PyTorch: {report['check']}")
    save(late, hub.work / "late.pt")
    report["errors"] = logit_errors(late, hub, sample_pairs(data, queries, a_query, languages=hub.languages), a_query)
    # Canaries count for the tolerance: they are what a device is judged by.
    of_canaries = logit_errors(late, hub, [pair[:2] for pair in canaries(hub.languages)], a_query)
    for dtype, errors in report["errors"].items():
        errors["maxLogitError"] = max(errors["maxLogitError"], of_canaries[dtype]["maxLogitError"])
    manifest(late, hub, report["errors"])
    write_json(hub.work / "publish.json", report)
    return report
