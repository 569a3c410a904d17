"""Tokenizing pairs: the base tokenizer with the two-[CLS] pair template."""

import json

import numpy as np
import torch
from tokenizers import Tokenizer

from .model import base_folder

LAYOUT = "[CLS] $A [SEP]", "[CLS] $A [SEP] [CLS]:1 $B:1 [SEP]:1"


def single_tokenizer_json(kept_ids: list[int] | None = None) -> dict:
    """tokenizer.json of single texts: the base's, without fixed lengths.

    `kept_ids`: the base's ids that a trimmed vocabulary keeps, in their new order.
    """
    data = json.loads((base_folder() / "tokenizer.json").read_text())
    data["truncation"] = data["padding"] = None
    if kept_ids is not None:
        token_of = {i: token for token, i in data["model"]["vocab"].items()}
        vocab = {token_of[old]: new for new, old in enumerate(kept_ids)}
        data["model"]["vocab"] = vocab
        for added in data["added_tokens"]:
            added["id"] = vocab[added["content"]]
        for special in data["post_processor"]["special_tokens"].values():
            special["ids"] = [vocab[token] for token in special["tokens"]]
    return data


def tokenizer_json(kept_ids: list[int] | None = None) -> dict:
    """The same of pairs, each segment with a [CLS] of its own."""
    data = single_tokenizer_json(kept_ids)
    pair = data["post_processor"]["pair"]
    second = next(i for i, piece in enumerate(pair) if "Sequence" in piece and piece["Sequence"]["id"] == "B")
    pair.insert(second, {"SpecialToken": {"id": "[CLS]", "type_id": 1}})
    return data


class TextEncoder:
    """Hugging Face's encoding of single texts, cut at their ends, as numpy arrays."""

    def __init__(self, kept_ids: list[int] | None = None):
        self.tokenizer = Tokenizer.from_str(json.dumps(single_tokenizer_json(kept_ids)))

    def __call__(self, texts, max_length: int) -> list[np.ndarray]:
        self.tokenizer.enable_truncation(max_length)
        return [np.array(e.ids, np.int64) for e in self.tokenizer.encode_batch(list(texts))]


class PairEncoder:
    """Hugging Face's pair encoding (`longest_first`) as numpy arrays."""

    def __init__(self, max_length: int, kept_ids: list[int] | None = None):
        self.tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json(kept_ids)))
        self.tokenizer.enable_truncation(max_length, strategy="longest_first")

    def __call__(self, pairs):
        """List of (ids, types) int64 arrays, one per (query, document)."""
        return [
            (np.array(e.ids, np.int64), np.array(e.type_ids, np.int64))
            for e in self.tokenizer.encode_batch([tuple(p) for p in pairs])
        ]


def pad(encoded) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """input_ids, attention_mask, token_type_ids [B,T], padded on the right with 0."""
    longest = max(len(ids) for ids, _ in encoded)
    ids, mask, types = np.zeros((3, len(encoded), longest), np.int64)
    for row, (i, t) in enumerate(encoded):
        ids[row, : len(i)], mask[row, : len(i)], types[row, : len(i)] = i, 1, t
    return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(types)
