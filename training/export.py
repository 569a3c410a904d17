"""From a checkpoint to a hub folder: calibration, ONNX files, canaries and the manifest."""

import copy
import hashlib
import json
import logging
import random
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from torch import nn

from .data import ENGLISH, ROOT, EvalSet, read_jsonl
from .model import CrossEncoder, base_folder
from .pairs import CANARIES
from .text import PairEncoder, pad, tokenizer_json

NAME = "page-rerank-small-en"
HUB = ROOT / "public" / "models" / NAME
WORK = ROOT / "training" / ".work"
FP32 = WORK / "onnx" / "model.onnx"
MAX_LENGTH = 256
FILES = {"q8": "onnx/model_quantized.onnx", "q4": "onnx/model_q4.onnx"}
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
OPSET = 17
Q4_BLOCK = 64  # weights per 4-bit scale


# -- scoring ----------------------------------------------------------------------------


def torch_logits(model: CrossEncoder, encoded, batch: int = 16) -> np.ndarray:
    """Logits [N] of encoded pairs, in length-sorted padded batches (fp32: padding is exact)."""
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]))
    logits = np.zeros(len(encoded), np.float32)
    with torch.no_grad():
        for at in range(0, len(order), batch):
            part = order[at : at + batch]
            logits[part] = model(*pad([encoded[i] for i in part]))[:, 0].numpy()
    return logits


class OnnxScorer:
    """One pair per run, unpadded: dynamic int8 would let batchmates move a score."""

    def __init__(self, file: Path, threads: int = 1):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def __call__(self, encoded) -> np.ndarray:
        return np.array([self.run(*pad([pair]))[0, 0] for pair in encoded], np.float32)

    def run(self, *inputs) -> np.ndarray:
        feed = {name: tensor.numpy() for name, tensor in zip(INPUTS, inputs)}
        return self.session.run(["logits"], feed)[0]


def sample_pairs(data: Path, per_set: int, documents: int, seed: int = 3) -> list[tuple[str, str]]:
    """Pairs from every English development set: `per_set` queries, `documents` candidates each."""
    pairs = []
    for name in ENGLISH:
        source = EvalSet(data / "eval" / name)
        for qid in source.sample(per_set, seed):
            step = max(1, len(source.candidates[qid]) // documents)
            for document in source.candidates[qid][::step][:documents]:
                pairs.append((source.queries[qid], source.documents[document]))
    return pairs


# -- calibration ------------------------------------------------------------------------


def calibrate(model: CrossEncoder, data: Path, rows: int = 300) -> dict:
    """Fit logit' = a·logit + b on dev rows (never on the sets reported) and bake it in.

    Logistic regression over positives, a hard negative and other rows' documents, positives
    and negatives weighted equally, so that a sigmoid of 0.5 means "as likely as not" when
    relevant and irrelevant documents are equally common.
    """
    sample = list(read_jsonl(data / "dev" / "dev.jsonl.gz"))
    random.Random(5).shuffle(sample)
    pairs, labels = [], []
    for i, row in enumerate(sample[:rows]):
        others = [other["positive"] for other in sample[rows + 3 * i : rows + 3 * i + 3]]
        for document in [row["positive"], row["negatives"][0], *others]:
            pairs.append((row["query"], document))
            labels.append(float(document == row["positive"]))
    x = torch.from_numpy(torch_logits(model, PairEncoder(MAX_LENGTH)(pairs))).double()
    y = torch.tensor(labels, dtype=torch.float64)
    weight = torch.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    center, spread = x.mean(), x.std()
    line = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=200)

    def loss():
        optimizer.zero_grad()
        value = nn.functional.binary_cross_entropy_with_logits(
            line[0] * (x - center) / spread + line[1], y, weight
        )
        value.backward()
        return value

    optimizer.step(loss)
    line = line.detach()
    a = float(line[0] / spread)
    b = float(line[1] - line[0] * center / spread)
    model.scale *= a
    model.cls_weight.data *= a
    model.shift.copy_(model.shift * a + b)
    fitted = a * x + b
    return {
        "pairs": len(pairs), "a": round(a, 4), "b": round(b, 4),
        "positivesAboveHalf": round(float((fitted[y > 0] > 0).double().mean()), 3),
        "negativesBelowHalf": round(float((fitted[y == 0] < 0).double().mean()), 3),
    }


# -- ONNX -------------------------------------------------------------------------------


class Int8Embedding(nn.Module):
    """Rows stored as int8 with a scale per row; in the graph Gather, Cast, Mul."""

    def __init__(self, table: torch.Tensor):
        super().__init__()
        scale = table.abs().amax(1, keepdim=True) / 127
        self.register_buffer("rows", (table / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids):
        return self.rows[ids].to(torch.float32) * self.scale[ids]


def write_onnx(model: CrossEncoder, file: Path, int8_embeddings: bool) -> None:
    model = copy.deepcopy(model).eval()
    if int8_embeddings:
        tables = model.embeddings
        for name in ("word_embeddings", "position_embeddings"):
            setattr(tables, name, Int8Embedding(getattr(tables, name).weight.detach()))
    file.parent.mkdir(parents=True, exist_ok=True)
    example = pad(PairEncoder(32)([("a query", "a document"), ("query", "a longer document")]))
    dynamic = {name: {0: "batch", 1: "sequence"} for name in INPUTS} | {"logits": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The legacy exporter: exact for this graph, padded batches included (checked below).
        torch.onnx.export(
            model, example, str(file), input_names=INPUTS, output_names=["logits"],
            dynamic_axes=dynamic, opset_version=OPSET, dynamo=False, do_constant_folding=True,
        )


def check_onnx(model: CrossEncoder, file: Path, pairs) -> dict:
    """Largest logit differences: ONNX against PyTorch on padded batches, padded against alone."""
    encoded = PairEncoder(MAX_LENGTH)(pairs)
    scorer = OnnxScorer(file, threads=2)
    exported = padding = 0.0
    alone = scorer(encoded)
    with torch.no_grad():
        for at in range(0, len(encoded), 8):  # unsorted, so that padding is uneven
            batch = pad(encoded[at : at + 8])
            ours = scorer.run(*batch)[:, 0]
            exported = max(exported, float(np.abs(ours - model(*batch)[:, 0].numpy()).max()))
            padding = max(padding, float(np.abs(ours - alone[at : at + 8]).max()))
    return {"pairs": len(encoded), "onnxAgainstTorch": exported, "paddedAgainstAlone": padding}


def export(model: CrossEncoder, data: Path) -> dict:
    """Calibrated fp32 graph (not committed) and the hub folder's text files."""
    report = {"calibration": calibrate(model, data)}
    torch.save({"config": model.config, "state": model.state_dict()}, WORK / "calibrated.pt")
    write_onnx(model, FP32, int8_embeddings=False)
    report["check"] = check_onnx(model, FP32, sample_pairs(data, 4, 4) + [c[:2] for c in CANARIES] + [("", ""), ("query", ""), ("", "document")])
    if report["check"]["onnxAgainstTorch"] > 1e-4:
        raise SystemExit(f"the exported graph disagrees with PyTorch: {report['check']}")

    HUB.mkdir(parents=True, exist_ok=True)
    config = {k: v for k, v in model.config.items() if not k.startswith("_")} | {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "num_labels": 1,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "problem_type": "regression",
    }
    config.pop("gradient_checkpointing", None)
    config.pop("transformers_version", None)
    write_json(HUB / "config.json", config)
    write_json(HUB / "tokenizer.json", tokenizer_json(), indent=None)
    theirs = json.loads((base_folder() / "tokenizer_config.json").read_text())
    keep = ("do_lower_case", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
            "tokenize_chinese_chars", "strip_accents", "tokenizer_class", "model_max_length")
    write_json(HUB / "tokenizer_config.json", {k: theirs[k] for k in keep})
    return report


def write_json(file: Path, value, indent: int | None = 2) -> None:
    file.write_text(json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


# -- quantization -----------------------------------------------------------------------


def quantize(model: CrossEncoder, data: Path) -> dict:
    """q8 and q4 files in the hub folder and their logit errors against PyTorch fp32."""
    source = WORK / "onnx" / "int8-embeddings.onnx"
    write_onnx(model, source, int8_embeddings=True)
    (HUB / "onnx").mkdir(parents=True, exist_ok=True)
    # q8: int8 weights per output channel; activations quantized as they come, per tensor.
    quantize_dynamic(
        source, HUB / FILES["q8"], op_types_to_quantize=["MatMul"], per_channel=True,
        weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True},
    )
    # q4: MatMulNBits, fp32 activations; needs no shader-f16.
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)
    q4 = MatMulNBitsQuantizer(onnx.load(source), bits=4, block_size=Q4_BLOCK, is_symmetric=True)
    q4.process()
    onnx.save(q4.model.model, HUB / FILES["q4"])

    pairs = sample_pairs(data, 12, 10)
    encoded = PairEncoder(MAX_LENGTH)(pairs)
    exact = torch_logits(model, encoded)
    report = {}
    for dtype, file in FILES.items():
        logits = OnnxScorer(HUB / file, threads=2)(encoded)
        error = np.abs(logits - exact)
        within = [rank_correlation(logits[i : i + 10], exact[i : i + 10]) for i in range(0, len(exact), 10)]
        report[dtype] = {
            "pairs": len(pairs),
            "maxLogitError": round(float(error.max()), 4),
            "p99LogitError": round(float(np.quantile(error, 0.99)), 4),
            "meanLogitError": round(float(error.mean()), 4),
            "rankCorrelation": round(rank_correlation(logits, exact), 5),
            "rankCorrelationPerQuery": round(float(np.mean(within)), 4),
            "bytes": (HUB / file).stat().st_size,
        }
    write_json(WORK / "quantize.json", report)
    return report


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's."""
    return float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])


# -- manifest ---------------------------------------------------------------------------


def manifest(model: CrossEncoder) -> dict:
    """page-rerank.json: what a runtime must know to fetch, check and trust the files."""
    encoded = PairEncoder(MAX_LENGTH)([c[:2] for c in CANARIES])
    logits = torch_logits(model, encoded, batch=1)
    for (query, document, relevant), logit in zip(CANARIES, logits):
        if (logit > 0) != relevant:
            print(f"warning: canary logit {logit:.2f}, relevant={relevant}: {query!r} / {document[:40]!r}")
    errors = json.loads((WORK / "quantize.json").read_text())
    # Wide enough for another device's rounding, narrow against the spread of the canaries.
    tolerance = {d: round(max(0.1, 2 * e["maxLogitError"]), 2) for d, e in errors.items()}
    files = {}
    for file in sorted(HUB.rglob("*")):
        if file.is_file() and file.suffix in (".json", ".onnx") and file.name != "page-rerank.json":
            content = file.read_bytes()
            files[file.relative_to(HUB).as_posix()] = {
                "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
            }
    revision = hashlib.sha256("".join(f["sha256"] for f in files.values()).encode()).hexdigest()[:12]
    value = {
        "id": NAME,
        "revision": revision,
        "architecture": "bert",
        "languages": ["en"],
        "license": "Apache-2.0",
        "maxLength": MAX_LENGTH,
        "activation": "sigmoid",
        "parameters": model.parameter_count,
        "dtypes": {d: {"file": f, "maxLogitError": errors[d]["maxLogitError"]} for d, f in FILES.items()},
        "recommended": {"webgpu": "q4", "wasm": "q8", "cpu": "q8"},
        "files": files,
        "canaries": [
            {"query": q, "document": d, "logit": round(float(x), 5)} for (q, d, _), x in zip(CANARIES, logits)
        ],
        "tolerance": tolerance | {"fp32": 0.001},
    }
    write_json(HUB / "page-rerank.json", value)
    return value
