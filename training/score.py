"""Logits of encoded pairs, in PyTorch and in ONNX Runtime, and pairs to try them on."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from .data import EvalSet, evaluation_sets
from .model import CrossEncoder
from .text import pad

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def by_length(lengths: list[int], batch: int):
    """Indices in batches of like lengths."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    return (order[at : at + batch] for at in range(0, len(order), batch))


def torch_logits(model: CrossEncoder, encoded, batch: int = 16) -> np.ndarray:
    """Logits [N] of encoded pairs, in length-sorted padded batches (fp32: padding is exact)."""
    logits = np.zeros(len(encoded), np.float32)
    with torch.no_grad():
        for part in by_length([len(ids) for ids, _ in encoded], batch):
            logits[part] = model(*pad([encoded[i] for i in part]))[:, 0].float().numpy()
    return logits


class OnnxScorer:
    """One pair per run, unpadded: dynamic int8 would let batchmates move a score."""

    def __init__(self, file: Path):
        options = ort.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        self.session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def __call__(self, encoded) -> np.ndarray:
        return np.array([self.run(*pad([pair]))[0, 0] for pair in encoded], np.float32)

    def run(self, *inputs) -> np.ndarray:
        feed = {name: tensor.numpy() for name, tensor in zip(INPUTS, inputs)}
        return self.session.run(["logits"], feed)[0]


def sample_pairs(
    data: Path, per_set: int, documents: int, seed: int = 3, languages: tuple[str, ...] = ("en",),
) -> list[tuple[str, str]]:
    """Pairs from every development set: `per_set` queries, `documents` candidates each."""
    pairs = []
    for name in evaluation_sets(data, languages):
        source = EvalSet(data / "eval" / name)
        for qid in source.sample(per_set, seed):
            step = max(1, len(source.candidates[qid]) // documents)
            for document in source.candidates[qid][::step][:documents]:
                pairs.append((source.queries[qid], source.documents[document]))
    return pairs
