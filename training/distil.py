"""A trimmed and 4-bit model taught to see what the whole one sees.

A word that a trimmed vocabulary spells with smaller pieces, and weights rounded to 4 bits, move the states. So the
student, its weights rounded as `quantize` will round them (the gradient passes straight through, Bengio et al. 2013,
arXiv:1308.3432), learns the teacher's states word by word, and its logits. No labels: nothing else is learnt.
"""

import copy
import json
import random
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.nn.utils import parametrize

from .mine import read_mined
from .model import CrossEncoder, save
from .quantize import EMBEDDING_BLOCK, SHARES
from .text import PairEncoder, pad

LOGITS = 0.02  # weight of the squared logit error beside the states' distance


class FourBits(torch.nn.Module):
    """Weights [out, in] as MatMulNBits rounds them: blocks of inputs, a scale and a zero point each."""

    def __init__(self, block: int):
        super().__init__()
        self.block = block

    def forward(self, weight):
        blocks = weight.detach().unflatten(1, (-1, self.block))
        low, high = (edge.clamp(max=0) if i == 0 else edge.clamp(min=0) for i, edge in enumerate(blocks.aminmax(dim=-1, keepdim=True)))
        scale = ((high - low) / 15).clamp(min=1e-8)
        zero = (-low / scale).round()
        rounded = (((blocks / scale).round() + zero).clamp(0, 15) - zero) * scale
        return weight + (rounded.flatten(1) - weight.detach())


class FourBitRows(torch.nn.Module):
    """Embedding rows as `quantize.four_bits` rounds them."""

    def forward(self, table):
        blocks = table.detach().unflatten(1, (-1, EMBEDDING_BLOCK))
        signed = blocks.gather(-1, blocks.abs().argmax(-1, keepdim=True))
        best, least = torch.zeros_like(blocks), torch.full_like(signed, torch.inf)
        for share in SHARES:
            scale = torch.where(signed == 0, 1.0, -signed * float(share) / 8)
            rounded = (blocks / scale).round().clamp(-8, 7) * scale
            error = (rounded - blocks).square().sum(-1, keepdim=True)
            best, least = torch.where(error < least, rounded, best), torch.minimum(error, least)
        return table + (best.flatten(1) - table.detach())


def rounded_while_training(model: CrossEncoder, block: int) -> CrossEncoder:
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            parametrize.register_parametrization(module, "weight", FourBits(block))
    parametrize.register_parametrization(model.embeddings.word_embeddings, "weight", FourBitRows())
    return model


def unrounded(model: CrossEncoder) -> CrossEncoder:
    """The weights behind the rounding, for `quantize` to round."""
    plain = CrossEncoder(model.config)
    plain.load_state_dict({name.replace("parametrizations.weight.original", "weight"): value for name, value in model.state_dict().items()})
    return plain.eval()


def words_of(encoding) -> list[tuple[int, int] | None]:
    """(segment, word) of each token; nothing for special tokens and for each segment's last word, which may be cut."""
    place = [None if word is None else (segment, word) for segment, word in zip(encoding.sequence_ids, encoding.word_ids)]
    last = {p[0]: p for p in place if p}
    return [None if p is None or p == last[p[0]] else p for p in place]


def word_means(hidden, encodings, words) -> torch.Tensor:
    """Mean state [W,D] of each word's tokens, in the order of `words` (pair, segment, word)."""
    number = {word: i for i, word in enumerate(words)}
    rows, columns, targets = [], [], []
    for row, encoding in enumerate(encodings):
        for column, place in enumerate(words_of(encoding)):
            if place and (row, *place) in number:
                rows.append(row), columns.append(column), targets.append(number[row, *place])
    targets = torch.tensor(targets)
    total = torch.zeros(len(words), hidden.shape[-1]).index_add(0, targets, hidden[rows, columns].float())
    return total / torch.bincount(targets, minlength=len(words))[:, None]


def distil(student: CrossEncoder, teacher: CrossEncoder, mined: Path, out: Path, block: int, steps: int, count: int, most: int,
           rate: float, seed: int, bf16: bool) -> dict:
    """Train `student` on pairs of the mined lists, `count` a step; written to `out` every 100 steps."""
    passages, lists = read_mined(mined)
    chance = random.Random(seed)
    student = rounded_while_training(copy.deepcopy(student).train(), block)
    encoders = [PairEncoder(most, model.kept_ids) for model in (teacher, student)]
    learnt = [p for name, p in student.named_parameters() if not name.startswith(("weights", "cls_weight", "cross_bias"))]
    optimizer = torch.optim.AdamW(learnt, lr=rate, weight_decay=0.0, betas=(0.9, 0.98))
    began, figures, recent = time.time(), [], []
    for step in range(steps):
        pairs = []
        while len(pairs) < count:
            entry = chance.choice(lists)
            pairs.append((entry["query"], passages[chance.choice([entry["positive"], *entry["negatives"][:1 + len(pairs) % 40]])]))
        encoded = [encoder.tokenizer.encode_batch(pairs) for encoder in encoders]
        inputs = [pad([(e.ids, e.type_ids) for e in encodings]) for encodings in encoded]
        common = set.intersection(*({(row, *p) for row, e in enumerate(encodings) for p in words_of(e) if p} for encodings in encoded))
        common = sorted(common)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            with torch.no_grad():
                wanted = teacher.encode(*inputs[0])
                wanted_logits = teacher.logits(*wanted, *inputs[0])
            found = student.encode(*inputs[1])
            logits = student.logits(*found, *inputs[1])
        states = 1 - F.cosine_similarity(word_means(found[1], encoded[1], common), word_means(wanted[1], encoded[0], common)).mean()
        error = (logits - wanted_logits).square().mean()
        optimizer.zero_grad()
        (states + LOGITS * error).backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 30) * max(0.02, 1 - step / steps)
        optimizer.step()
        recent.append((states.item(), error.item()))
        if (step + 1) % 100 == 0 or step + 1 == steps:
            part = [round(sum(column) / len(recent), 4) for column in zip(*recent)]
            figures.append({"step": step + 1, "minutes": round((time.time() - began) / 60, 1), "states": part[0], "logits": part[1]})
            print(json.dumps(figures[-1]), file=sys.stderr)
            recent = []
            save(unrounded(student), out)
    return {"steps": steps, "pairs": count, "rate": rate, "seed": seed, "evaluations": figures}
