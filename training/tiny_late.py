"""A tiny late-interaction model with random weights, in the form of a published one: every number of it can be checked."""

import json
import shutil

import torch

from .data import ROOT
from .hub import Hub
from .late import LateInteraction
from .late_hub import logit_errors, manifest, write_files
from .model import CrossEncoder, base_folder
from .pairs import natural

WORDS = range(1996, 3400)  # the base's most frequent WordPieces
CONFIG = {
    "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128,
    "max_position_embeddings": 512, "layer_norm_eps": 1e-12, "independent_layers": 2,
}
SPREAD = 0.3  # of the weights: wide, so that texts differ

LATE_HUB = Hub(
    "late-bert", {"fp32": "onnx/model.onnx"}, {}, block=32, positions=512, languages=(),
    models=ROOT / "test" / "reference")  # nobody taught it a language: it is asked whatever the query is


def kept_ids() -> list[int]:
    """Special tokens, every character of the base alone and inside words, and some of its words."""
    vocab = json.loads((base_folder() / "tokenizer.json").read_text())["model"]["vocab"]
    single = [i for token, i in vocab.items() if len(token.removeprefix("##")) == 1]
    return sorted({0, 100, 101, 102, 103, *single, *WORDS})


def random_late() -> LateInteraction:
    torch.manual_seed(3)
    ids = kept_ids()
    encoder = CrossEncoder(CONFIG | {"vocab_size": len(ids), "kept_ids": ids})
    for name, parameter in encoder.named_parameters():
        if parameter.dim() == 2:
            torch.nn.init.normal_(parameter, std=SPREAD)
    # About what the terms of unrelated texts come to, so that scores are neither all 0 nor all 1.
    return LateInteraction(encoder.eval(), shift=-12.4)


def tiny_late() -> LateInteraction:
    """Write its folder anew, without the golden pairs."""
    late = random_late()
    shutil.rmtree(LATE_HUB.folder, ignore_errors=True)
    write_files(late, LATE_HUB)
    errors = logit_errors(late, LATE_HUB, natural(), 4)
    manifest(late, LATE_HUB, errors)
    return late
