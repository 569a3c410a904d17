"""The weights of late interaction's terms, and what the first stage's order is worth beside them: a listwise loss over mined lists.

A handful of numbers cannot forget what the encoder knows, and a few hundred lists are enough for them.
"""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from .codes import TERMS
from .late import LateInteraction, embed
from .mine import CANDIDATES, read_mined



def weigh(
    late: LateInteraction, mined: Path, lists: int, negatives: int, seed: int, bf16: bool, ridge: float = 1.0, names: tuple[str, ...] = TERMS,
) -> tuple[LateInteraction, dict]:
    """The model with fitted weights, and what was found. Only lists whose positive the first stage found.

    `ridge` pulls the standardised weights towards the ones they start from; terms beside `names` count for nothing.
    """
    passages, entries = read_mined(mined)
    chance = random.Random(seed)
    entries = chance.sample([e for e in entries if e["place"] is not None and len(e["negatives"]) >= negatives], lists)
    chosen = [sorted(chance.sample(range(len(entry["negatives"])), negatives)) for entry in entries]
    documents = [[entry["positive"], *(entry["negatives"][i] for i in places)] for entry, places in zip(entries, chosen)]
    numbers = list(dict.fromkeys(number for one in documents for number in one))
    embedded = embed(late.encoder, late.texts([passages[n] for n in numbers], late.document_length), bf16)
    kept = {n: late.keep_embedded(x) for n, x in zip(numbers, embedded)}
    asked = late.queries([entry["query"] for entry in entries])
    found = torch.tensor([[[late.terms(query, kept[n])[name] for name in names] for n in one] for query, one in zip(asked, documents)], dtype=torch.float64)
    # The positive's place is its own; the negatives behind it come one later.
    places = [[entry["place"], *(i + (i >= entry["place"]) for i in one)] for entry, one in zip(entries, chosen)]
    bonus = 1 - torch.tensor(places, dtype=torch.float64).clamp(max=CANDIDATES) / CANDIDATES

    def fitted(features: torch.Tensor, begin: torch.Tensor) -> tuple[torch.Tensor, float, float]:
        spread = features.flatten(0, 1).std(0)
        weights = (begin * spread).clone().requires_grad_(True)
        optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")
        positive = torch.zeros(len(features), dtype=torch.long)

        def loss():
            return F.cross_entropy(features / spread @ weights, positive)

        def step():
            optimizer.zero_grad()
            value = loss() + ridge * (weights - begin * spread).square().mean()
            value.backward()
            return value

        before = float(loss().detach())
        optimizer.step(step)
        return weights.detach() / spread, before, float(loss().detach())

    start = torch.tensor([late.weights[name] for name in names], dtype=torch.float64)
    weights, before, after = fitted(found, start)
    with_places, _, with_order = fitted(torch.cat([found, bonus[..., None]], 2), torch.cat([start, torch.zeros(1, dtype=torch.float64)]))
    named = {name: round(float(weight), 3) for name, weight in zip(names, weights)}
    # An order that would count against what stands first counts for nothing: readers of the manifest refuse less than 0.
    first_stage = max(0.0, round(float(with_places[-1]), 3))
    return replace(late, weights=dict.fromkeys(TERMS, 0.0) | named, first_stage_weight=first_stage), {
        "lists": lists, "negatives": negatives, "seed": seed, "lossBefore": round(before, 4), "loss": round(after, 4), "weights": named,
        "withFirstStage": {"loss": round(with_order, 4), "weights": [round(float(w), 3) for w in with_places]},
    }
