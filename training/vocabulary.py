"""A smaller vocabulary: the WordPieces that English pages use, others spelt with smaller ones."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import torch

from .data import read_jsonl
from .model import CrossEncoder, base_folder, rarity
from .text import PairEncoder

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
COMMON = 5000  # the base's most frequent words stay whatever the sample says


def kept_ids(size: int, texts) -> list[int]:
    """Base ids of a vocabulary of `size`: special tokens, every ASCII character alone and inside
    words (so that any ASCII text can be spelt), the base's commonest words, then what `texts` use most."""
    vocab = json.loads((base_folder() / "tokenizer.json").read_text())["model"]["vocab"]
    keep = dict.fromkeys(vocab[token] for token in SPECIALS)
    for code in range(33, 127):
        character = chr(code).lower()
        keep.update(dict.fromkeys(vocab[t] for t in (character, f"##{character}") if t in vocab))
    first = vocab["the"]
    keep.update(dict.fromkeys(range(first, first + COMMON)))
    counts = Counter(i for ids, _ in PairEncoder(512)((text, "") for text in texts) for i in ids.tolist())
    keep.update(dict.fromkeys(i for i, _ in counts.most_common()))
    if len(keep) < size:
        raise SystemExit(f"the sample uses only {len(keep)} WordPieces, fewer than {size}: give more text")
    ids = list(islice(keep, size))
    # [PAD] must stay 0; the others in the base's order.
    return sorted(ids)


def trim(model: CrossEncoder, size: int, passages: Path, sample: int = 40000) -> CrossEncoder:
    """The model with the vocabulary cut to `size` entries, its other weights as they are."""
    ids = kept_ids(size, islice(read_jsonl(passages), sample))
    trimmed = CrossEncoder(model.config | {"vocab_size": size, "kept_ids": ids})
    state = model.state_dict()
    state["embeddings.word_embeddings.weight"] = state["embeddings.word_embeddings.weight"][ids]
    state["rarity"] = rarity(torch.tensor(ids))
    trimmed.load_state_dict(state)
    return trimmed.eval()
