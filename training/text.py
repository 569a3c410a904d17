"""Tokenizing pairs: the base tokenizer with the two-[CLS] pair template."""

import copy
import json

import numpy as np
import torch
from tokenizers import Tokenizer

from . import bge_zh
from .model import BASE, base_folder

LAYOUT = "[CLS] $A [SEP]", "[CLS] $A [SEP] [CLS]:1 $B:1 [SEP]:1"


def base_tokenizer(base: str) -> tuple[dict, dict]:
    """tokenizer.json and tokenizer_config.json of a base."""
    if base == bge_zh.NAME:
        return copy.deepcopy(bge_zh.tokenizer_json()), bge_zh.tokenizer_config()
    return tuple(json.loads((base_folder() / name).read_text()) for name in ("tokenizer.json", "tokenizer_config.json"))


def tokenizer_config(base: str = BASE) -> dict:
    """What of tokenizer_config.json a tokenizer needs."""
    theirs = base_tokenizer(base)[1]
    keep = ("do_lower_case", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
            "tokenize_chinese_chars", "strip_accents", "tokenizer_class", "model_max_length")
    return {key: theirs[key] for key in keep}


def single_tokenizer_json(kept_ids: list[int] | None = None, base: str = BASE) -> dict:
    """tokenizer.json of single texts: the base's, without fixed lengths.

    `kept_ids`: the base's ids that a trimmed vocabulary keeps, in their new order.
    """
    data, _ = base_tokenizer(base)
    data["truncation"] = data["padding"] = None
    if kept_ids is not None:
        place = {old: new for new, old in enumerate(kept_ids)}
        vocab = {token: place[old] for token, old in sorted(data["model"]["vocab"].items(), key=lambda item: item[1]) if old in place}
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

    def __init__(self, kept_ids: list[int] | None = None, base: str = BASE):
        self.tokenizer = Tokenizer.from_str(json.dumps(single_tokenizer_json(kept_ids, base)))

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
