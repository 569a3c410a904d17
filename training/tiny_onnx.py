"""ONNX files of the tiny models, with the inputs and outputs that published files have."""

from pathlib import Path
from typing import Callable

import numpy as np
import torch

from .score import OnnxScorer

OPSET = 17

LogitOf = Callable[[dict], float]
"""Logit of a golden case by the exported file."""


def export_encoder(model, cases: list[dict], file: Path) -> LogitOf:
    """`input_ids`, `attention_mask`, `token_type_ids` where the tokenizer has them → `logits` [batch, 1]."""
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if "tokenTypeIds" in cases[0] else [])

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *inputs):
            return self.model(**dict(zip(names, inputs))).logits

    def inputs_of(value: dict):
        ids = torch.tensor([value["inputIds"]])
        types = [torch.tensor([value["tokenTypeIds"]])] if "tokenTypeIds" in value else []
        return (ids, torch.ones_like(ids), *types)

    torch.onnx.export(
        Plain(), inputs_of(cases[-1]), str(file), input_names=names, output_names=["logits"],
        dynamic_axes={n: {0: "batch", 1: "sequence"} for n in names} | {"logits": {0: "batch"}},
        opset_version=OPSET, dynamo=False,
    )
    session = OnnxScorer(file).session

    # DeBERTa-v2 without token type embeddings: the exporter drops the input.
    kept = {i.name for i in session.get_inputs()}

    def logit_of(value: dict) -> float:
        feed = {n: t.numpy() for n, t in zip(names, inputs_of(value)) if n in kept}
        return float(session.run(["logits"], feed)[0][0, 0])

    return logit_of


def export_decoder(model, cases: list[dict], file: Path) -> LogitOf:
    """A text generation graph: keys and values of earlier tokens go in (none here) and come out,
    `logits` are [batch, sequence, vocabulary]."""
    from transformers import AutoTokenizer
    from transformers.cache_utils import DynamicCache

    config = model.config
    layers, heads, width = config.num_hidden_layers, config.num_key_value_heads, config.head_dim
    past = [f"past_key_values.{i}.{part}" for i in range(layers) for part in ("key", "value")]
    present = [name.replace("past_key_values", "present") for name in past]
    names = ["input_ids", "attention_mask", "position_ids", *past]

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, ids, mask, positions, *states):
            cache = DynamicCache()
            for i in range(layers):
                cache.update(states[2 * i], states[2 * i + 1], i)
            out = self.model(
                input_ids=ids, attention_mask=causal(ids, mask), position_ids=positions, past_key_values=cache, use_cache=True)
            return out.logits, *(state for layer in cache.layers for state in (layer.keys, layer.values))

    def inputs_of(value: dict):
        ids = torch.tensor([value["inputIds"]])
        empty = torch.zeros(1, heads, 0, width)
        return (ids, torch.ones_like(ids), torch.arange(ids.shape[1])[None], *[empty] * len(past))

    axes = {"input_ids": {0: "batch", 1: "sequence"}, "position_ids": {0: "batch", 1: "sequence"},
            "attention_mask": {0: "batch", 1: "total"}, "logits": {0: "batch", 1: "sequence"}}
    axes |= {name: {0: "batch", 2: "past"} for name in past} | {name: {0: "batch", 2: "total"} for name in present}
    torch.onnx.export(
        Decoder(), inputs_of(cases[-1]), str(file), input_names=names, output_names=["logits", *present],
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )
    session = OnnxScorer(file).session
    yes, no = (AutoTokenizer.from_pretrained(file.parent.parent).convert_tokens_to_ids(word) for word in ("yes", "no"))

    def logit_of(value: dict) -> float:
        feed = {n: t.numpy() for n, t in zip(names, inputs_of(value))}
        last = session.run(["logits"], feed)[0][0, -1]
        return float(last[yes] - last[no])

    return logit_of


def causal(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The additive mask [batch, 1, sequence, total] that transformers makes by a road the exporter cannot trace."""
    total, length = mask.shape[1], ids.shape[1]
    rows = torch.arange(length)[:, None] + (total - length)
    seen = (torch.arange(total)[None] <= rows)[None, None] & mask[:, None, None].bool()
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)
