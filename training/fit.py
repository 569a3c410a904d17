"""The weights of the logit's terms: a listwise loss over mined lists, the encoder as it is.

Six numbers cannot forget what the encoder knows, and a few hundred lists are enough for them.
"""

import copy
import random
from pathlib import Path

import torch
from torch.nn import functional as F

from .mine import read_mined
from .model import CrossEncoder
from .score import by_length
from .text import PairEncoder, pad

RIDGE = 1.0  # pulls the standardised weights towards the ones they start from


def fit(model: CrossEncoder, mined: Path, lists: int, negatives: int, seed: int, bf16: bool) -> tuple[CrossEncoder, dict]:
    """A model with fitted weights, and what was found."""
    passages, entries = read_mined(mined)
    chance = random.Random(seed)
    entries = chance.sample([entry for entry in entries if len(entry["negatives"]) >= negatives], lists)
    encoder = PairEncoder(256, model.kept_ids)
    encoded = encoder([
        (entry["query"], passages[p])
        for entry in entries for p in [entry["positive"], *chance.sample(entry["negatives"], negatives)]
    ])
    names = list(model.weights)
    terms = torch.zeros(len(encoded), len(names))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        for part in by_length([len(ids) for ids, _ in encoded], 16):
            pairs = pad([encoded[i] for i in part])
            found = model.terms(*model.encode(*pairs), *pairs)
            terms[part] = torch.stack([found[name] for name in names], 1)

    spread = terms.std(0)
    lists_of = (terms / spread).view(lists, 1 + negatives, len(names))
    begin = torch.stack([weight.detach() for weight in model.weights.values()]) * spread
    weights = begin.clone().requires_grad_(True)
    positive = torch.zeros(lists, dtype=torch.long)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        return F.cross_entropy(lists_of @ weights, positive)

    def step():
        optimizer.zero_grad()
        value = loss() + RIDGE * (weights - begin).square().mean()
        value.backward()
        return value

    before = float(loss().detach())
    optimizer.step(step)
    fitted = copy.deepcopy(model)
    for weight, value in zip(fitted.weights.values(), (weights / spread).tolist()):
        weight.data.fill_(value)
    return fitted, {
        "lists": lists, "negatives": negatives, "seed": seed, "lossBefore": round(before, 4), "loss": round(float(loss().detach()), 4),
        "weights": {name: round(weight.item(), 3) for name, weight in fitted.weights.items()},
    }
