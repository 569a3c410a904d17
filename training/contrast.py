"""Contrastive fine-tuning of the encoder of single texts, for late interaction.

Every query of a step is scored against every document of it: its own positive and negatives, and all the others'. Half of the
lesson are the labels, half the start's own ranking, so that what the start knows is kept; embeddings stay as they are. `mix`
averages the result with the start.
"""

import copy
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from .hub import WORK
from .late import pad, states
from .mine import read_mined
from .model import CrossEncoder, load, save
from .rows import keep_apart, training_rows
from .score import by_length
from .text import TextEncoder

BEST, COS = 11.0, 4.0  # weights of the two terms that are trained
WITHIN = 0.7  # share of the list itself; the rest goes over all documents of the step
WARM_UP = 20  # steps
TOGETHER = 16  # documents of like lengths in a run


class Step:
    """The texts of one step, encoded: queries, and documents list by list, the positive first."""

    def __init__(self, rows: list[dict], negatives: int, encoder: TextEncoder, length: int, chance: random.Random):
        self.queries = encoder([row["query"] for row in rows], 64)
        self.documents = encoder(
            [text for row in rows for text in [row["positive"], *chance.sample(row["negatives"], negatives)]], length)


def unit_states(encoder: CrossEncoder, ids: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """States at length 1 [N, T, D], padded, and their mask."""
    longest = max(map(len, ids))
    parts, order = [], []
    for part in by_length([len(i) for i in ids], TOGETHER):
        hidden = states(encoder, *pad([ids[i] for i in part]))
        parts.append(F.pad(hidden, (0, 0, 0, longest - hidden.shape[1])))
        order += part
    back = torch.tensor(order).argsort()
    mask = torch.tensor([[1.0] * len(i) + [0.0] * (longest - len(i)) for i in ids])
    return F.normalize(torch.cat(parts)[back].float(), dim=-1), mask


def scores(encoder: CrossEncoder, step: Step) -> torch.Tensor:
    """Of every query with every document [Q, N]."""
    asked, asked_mask = unit_states(encoder, step.queries)
    told, told_mask = unit_states(encoder, step.documents)
    weights = torch.zeros_like(asked_mask)
    for row, ids in enumerate(step.queries):
        weights[row, : len(ids)] = encoder.rarity[torch.from_numpy(ids)]

    def mean(x, mask):
        return F.normalize((x * mask[..., None]).sum(1), dim=-1)

    # bfloat16 would round similarities to steps as large as what is at stake.
    with torch.autocast("cpu", enabled=False):
        similar = torch.einsum("qid,njd->qnij", asked, told) - 2 * (1 - told_mask)[None, :, None, :]
        best = (similar.amax(-1) * weights[:, None]).sum(-1) / weights.sum(-1, keepdim=True).clamp(min=1e-6)
        return BEST * best + COS * mean(asked, asked_mask) @ mean(told, told_mask).T


def loss_of(found: torch.Tensor, start: torch.Tensor, trust: float) -> torch.Tensor:
    """trust · labels + (1 − trust) · the start's ranking, each mostly within a list and partly over the whole step."""
    lists, one = len(found), found.shape[1] // len(found)
    own = torch.arange(lists) * one

    def within(x):
        return torch.stack([x[i, i * one : (i + 1) * one] for i in range(lists)])

    def part(x, y, label):
        target = trust * F.one_hot(label, x.shape[1]) + (1 - trust) * y.softmax(-1)
        return F.cross_entropy(x, target)

    zeros = torch.zeros(lists, dtype=torch.long)
    return WITHIN * part(within(found), within(start), zeros) + (1 - WITHIN) * part(found, start, own)


def mined_rows(folder: Path) -> list[dict]:
    """Rows whose negatives are what the first stage finds."""
    passages, entries = read_mined(folder)
    return [
        {"query": e["query"], "positive": passages[e["positive"]], "negatives": [passages[n] for n in e["negatives"]]} for e in entries]


def contrast(args) -> None:
    folder = WORK / args.run
    folder.mkdir(parents=True, exist_ok=True)
    rows, apart = (mined_rows(args.mined), {}) if args.mined else keep_apart(training_rows(args.data, args.seed), args.data)
    rows = [row for row in rows if len(row["negatives"]) >= args.negatives]
    record = {
        "args": {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items() if k not in ("data", "runs")},
        "rows": len(rows), **apart, "losses": [],
    }
    base = load(args.model)
    model = copy.deepcopy(base).train()
    model.requires_grad_(False)
    model.layers.requires_grad_(True)
    body = list(model.layers.parameters())
    optimizer = torch.optim.AdamW(body, lr=args.rate, weight_decay=0.0, betas=(0.9, 0.98))
    encoder = TextEncoder(model.kept_ids)
    step, spent, losses = 0, 0.0, []
    if args.resume and (folder / "resume.pt").exists():
        saved = torch.load(folder / "resume.pt", weights_only=False)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent, record = saved["step"], saved["spent"], saved["record"]

    last = args.until or args.steps
    while step < last:
        began = time.time()
        # The same texts for the same step, resumed or not.
        chosen = [rows[(step * args.lists + i) % len(rows)] for i in range(args.lists)]
        texts = Step(chosen, args.negatives, encoder, args.max_length, random.Random(args.seed * 1_000_003 + step))
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            with torch.no_grad():
                start = scores(base, texts)
            loss = loss_of(scores(model, texts), start, args.trust)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(body, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = args.rate * min(1.0, (step + 1) / WARM_UP) * max(0.05, 1 - step / args.steps)
        optimizer.step()
        step += 1
        spent += time.time() - began
        losses.append(float(loss.detach()))
        if step % args.every == 0 or step == last:
            record["losses"].append({"step": step, "minutes": round(spent / 60, 1), "loss": round(float(np.mean(losses[-args.every :])), 4)})
            print(json.dumps(record["losses"][-1]), flush=True)
            args.runs.mkdir(parents=True, exist_ok=True)
            (args.runs / f"{args.run}.json").write_text(json.dumps(record, indent=1) + "\n")
            save(model, folder / "encoder.pt")
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent, "record": record},
                       folder / "resume.pt")
