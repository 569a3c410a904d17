"""From a checkpoint to ONNX: calibration, the fp32 graph, and the hub folder's text files."""

import copy
import json
import random
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .data import read_jsonl
from .hub import MAX_LENGTH, Hub, write_json
from .model import CrossEncoder, save
from .pairs import CANARIES
from .score import INPUTS, OnnxScorer, sample_pairs, torch_logits
from .text import PairEncoder, pad, tokenizer_config, tokenizer_json

OPSET = 17

# -- calibration ------------------------------------------------------------------------


def calibrate(model: CrossEncoder, data: Path, most: int) -> dict:
    """Fit logit' = a·logit + b on dev rows (never on the sets reported) and bake it in.

    Logistic regression over positives, a hard negative and other rows' documents, positives
    and negatives weighted equally, so that a sigmoid of 0.5 means "as likely as not" when
    relevant and irrelevant documents are equally common.
    """
    sample = list(read_jsonl(data / "dev" / "dev.jsonl.gz"))
    sample = [row for row in sample if row["negatives"]]
    random.Random(5).shuffle(sample)
    rows = min(most, len(sample) // 4)
    pairs, labels = [], []
    for i, row in enumerate(sample[:rows]):
        others = [other["positive"] for other in sample[rows + 3 * i : rows + 3 * i + 3]]
        for document in [row["positive"], row["negatives"][0], *others]:
            pairs.append((row["query"], document))
            labels.append(float(document == row["positive"]))
    x = torch.from_numpy(torch_logits(model, PairEncoder(MAX_LENGTH, model.kept_ids)(pairs))).double()
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


def write_onnx(model: CrossEncoder, file: Path, int8: tuple[str, ...] = ()) -> None:
    """The graph; embedding tables named in `int8` are stored so."""
    model = copy.deepcopy(model).eval()
    for name in int8:
        setattr(model.embeddings, name, Int8Embedding(getattr(model.embeddings, name).weight.detach()))
    file.parent.mkdir(parents=True, exist_ok=True)
    example = pad(PairEncoder(32, model.kept_ids)([("a query", "a document"), ("query", "a longer document")]))
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
    encoded = PairEncoder(MAX_LENGTH, model.kept_ids)(pairs)
    scorer = OnnxScorer(file)
    exported = padding = 0.0
    alone = scorer(encoded)
    with torch.no_grad():
        for at in range(0, len(encoded), 8):  # unsorted, so that padding is uneven
            batch = pad(encoded[at : at + 8])
            ours = scorer.run(*batch)[:, 0]
            exported = max(exported, float(np.abs(ours - model(*batch)[:, 0].numpy()).max()))
            padding = max(padding, float(np.abs(ours - alone[at : at + 8]).max()))
    return {"pairs": len(encoded), "onnxAgainstTorch": exported, "paddedAgainstAlone": padding}


def export(model: CrossEncoder, hub: Hub, data: Path, rows: int) -> dict:
    """Calibrated fp32 graph (not committed) and the hub folder's text files."""
    report = {"calibration": calibrate(model, data, rows)}
    model.limit_positions(hub.positions)
    save(model, hub.work / "calibrated.pt")
    fp32 = hub.work / "model.onnx"
    write_onnx(model, fp32)
    report["check"] = check_onnx(model, fp32, sample_pairs(data, 4, 4) + [c[:2] for c in CANARIES] + [("", ""), ("query", ""), ("", "document")])
    if report["check"]["onnxAgainstTorch"] > 1e-4:
        raise SystemExit(f"the exported graph disagrees with PyTorch: {report['check']}")

    hub.folder.mkdir(parents=True, exist_ok=True)
    config = {k: v for k, v in model.config.items() if not k.startswith("_") and k != "kept_ids"} | {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "num_labels": 1,
        "id2label": {"0": "LABEL_0"},
        "label2id": {"LABEL_0": 0},
        "problem_type": "regression",
    }
    config.pop("gradient_checkpointing", None)
    config.pop("transformers_version", None)
    write_json(hub.folder / "config.json", config)
    write_json(hub.folder / "tokenizer.json", tokenizer_json(model.kept_ids), indent=None)
    write_json(hub.folder / "tokenizer_config.json", tokenizer_config())
    return report
