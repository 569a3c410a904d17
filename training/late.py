"""A late-interaction model: an encoder of single texts, codes for its embeddings, and the weights of the logit's terms."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from .codes import FORMATS, RARITY_UNIT, Format, Kept, Query, ask, keep, logit, terms
from .model import CrossEncoder
from .score import by_length
from .text import TextEncoder

DOCUMENT_LENGTH = 256  # tokens, [CLS] and [SEP] counted
QUERY_LENGTH = 128
# As `weigh` finds them on mined lists.
START_WEIGHTS = {"cos": 3.7, "best": 9.1, "window": 3.8, "title": 2.8}
# bge-small-zh's: of its terms MaxSim alone ranks best, and its cosines are closer to each other.
START_WEIGHTS_ZH = {"cos": 0.0, "best": 20.0, "window": 0.0, "title": 0.0}


@dataclass
class LateInteraction:
    """`first_stage_weight` counts beside the weighted terms, before scale and shift."""

    encoder: CrossEncoder
    bits: int = 2
    weights: dict[str, float] = field(default_factory=lambda: dict(START_WEIGHTS))
    scale: float = 1.0
    shift: float = 0.0
    first_stage_weight: float = 0.0
    document_length: int = DOCUMENT_LENGTH

    def __post_init__(self):
        self.texts = TextEncoder(self.encoder.kept_ids, self.encoder.base)
        self.rarity = np.floor(self.encoder.rarity.numpy().astype(np.float64) * RARITY_UNIT + 0.5).astype(np.uint8)

    @property
    def format(self) -> Format:
        return FORMATS[self.bits]

    def keep_embedded(self, embedded: np.ndarray) -> Kept:
        """A document from its token embeddings [T, D]."""
        return keep(embedded, self.format)

    def ask_embedded(self, embedded: np.ndarray, ids: np.ndarray) -> Query:
        return ask(embedded, self.rarity[ids])

    def documents(self, texts: list[str]) -> list[Kept]:
        return [self.keep_embedded(x) for x in embed(self.encoder, self.texts(texts, self.document_length))]

    def queries(self, texts: list[str]) -> list[Query]:
        ids = self.texts(texts, QUERY_LENGTH)
        return [self.ask_embedded(x, i) for x, i in zip(embed(self.encoder, ids), ids)]

    def terms(self, query: Query, document: Kept, bits: int | None = None) -> dict[str, float]:
        return terms(query, document, self.format, bits or self.bits)

    def logit(self, query: Query, document: Kept) -> float:
        return logit(self.terms(query, document), self.weights, self.scale, self.shift)

    def logits(self, pairs) -> np.ndarray:
        queries, documents = (dict.fromkeys(side) for side in zip(*[pair[:2] for pair in pairs]))
        asked = dict(zip(queries, self.queries(list(queries))))
        kept = dict(zip(documents, self.documents(list(documents))))
        return np.array([self.logit(asked[query], kept[document]) for query, document, *_ in pairs])


def embed(encoder: CrossEncoder, ids: list[np.ndarray], bf16: bool = False, tokens: int = 4096) -> list[np.ndarray]:
    """Token embeddings [T, D] float32 of each text; about `tokens` tokens a run."""
    found: list[np.ndarray | None] = [None] * len(ids)
    longest = max(map(len, ids), default=1)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for part in by_length([len(i) for i in ids], max(1, tokens // longest)):
            hidden = states(encoder, *pad([ids[i] for i in part])).float().numpy()
            for row, i in enumerate(part):
                found[i] = hidden[row, : len(ids[i])].copy()
    return found


def states(encoder: CrossEncoder, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Last hidden states [B, T, D] of single texts."""
    assert encoder.independent == len(encoder.layers), "an encoder of single texts: python -m training start --independent 6"
    return encoder.segment_states(ids, mask)[1]


def pad(ids: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """input_ids and attention_mask [B, T], padded on the right with 0."""
    padded, mask = np.zeros((2, len(ids), max(map(len, ids))), np.int64)
    for row, i in enumerate(ids):
        padded[row, : len(i)], mask[row, : len(i)] = i, 1
    return torch.from_numpy(padded), torch.from_numpy(mask)


def save(late: LateInteraction, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({
        "config": late.encoder.config, "state": late.encoder.state_dict(), "bits": late.bits, "weights": late.weights,
        "scale": late.scale, "shift": late.shift, "first_stage_weight": late.first_stage_weight,
        "document_length": late.document_length,
    }, file)


def load(file: Path) -> LateInteraction:
    saved = torch.load(file, weights_only=True)
    encoder = CrossEncoder(saved["config"])
    encoder.load_state_dict(saved["state"])
    return LateInteraction(
        encoder.eval(), saved["bits"], saved["weights"], saved["scale"], saved["shift"], saved["first_stage_weight"],
        saved.get("document_length", DOCUMENT_LENGTH))
