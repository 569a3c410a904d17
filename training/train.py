"""Gentle fine-tuning: listwise over a positive and candidates like the ones a first stage returns.

The start already ranks well, and plain fine-tuning at this budget forgets more than it learns. So:
the start's own ranking is part of the target; small steps for the body, larger ones for the cross
biases and the head; embeddings and independent layers frozen; an average of the weights over the
tail (EMA); and `mix` to average runs of several seeds, with the start among them if that helps.
"""

import copy
import json
import random
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from .data import fingerprint
from .evaluate import evaluate
from .hub import WORK
from .mine import read_mined
from .model import CrossEncoder, load, save
from .text import PairEncoder, pad

FIRST = 10  # candidates that count as the first ones: half of each list's negatives come from these


class Lists:
    """Batches of query-document lists, the documents numbered in the mined folder."""

    def __init__(self, folder: Path, negatives: int, max_length: int, seed: int):
        self.passages, self.lists = read_mined(folder)
        self.lists = [entry for entry in self.lists if len(entry["negatives"]) >= negatives]
        random.Random(seed).shuffle(self.lists)
        self.negatives, self.seed = negatives, seed
        self.encoder = PairEncoder(max_length)

    def batch(self, step: int, count: int):
        """ids, mask and types [count·(1 + negatives), T], the positive first in each list.

        The same batch for the same step, resumed or not. Queries are padded to one length and
        documents to another: masked positions lie between the segments too.
        """
        chance = random.Random(self.seed * 1_000_003 + step)
        pairs = []
        for i in range(count):
            entry = self.lists[(step * count + i) % len(self.lists)]
            first, rest = entry["negatives"][:FIRST], entry["negatives"][FIRST:]
            from_rest = min(self.negatives // 2, len(rest))
            chosen = chance.sample(rest, from_rest) + chance.sample(first, min(self.negatives - from_rest, len(first)))
            chosen += chance.sample(sorted(set(entry["negatives"]) - set(chosen)), self.negatives - len(chosen))
            pairs += [(entry["query"], self.passages[p]) for p in [entry["positive"], *chosen]]
        encoded = self.encoder(pairs)
        return (
            pad([(ids[types == 0], types[types == 0]) for ids, types in encoded]),
            pad([(ids[types == 1], types[types == 1]) for ids, types in encoded]),
        )


def list_logits(model: CrossEncoder, embedded, states, query, document) -> torch.Tensor:
    """Logits [B] in the order of the pairs, from the embeddings and the independent layers' states of both segments."""
    ids, mask, types = (torch.cat(parts, 1) for parts in zip(query, document))
    return model.logits(embedded, model.cross(states, mask, types), ids, mask, types)[:, 0]


def mix(models: list[CrossEncoder], shares: list[float]) -> CrossEncoder:
    """The weighted average of models, weight by weight."""
    mixed = copy.deepcopy(models[0])
    states = [model.state_dict() for model in models]
    total = sum(shares)
    mixed.load_state_dict({
        name: sum(state[name] * (share / total) for state, share in zip(states, shares)) for name in states[0]
    })
    return mixed


def train(args) -> None:
    folder, mined = WORK / args.run, args.mined
    data = Lists(mined, args.negatives, args.max_length, args.seed)
    record = {
        "args": {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items() if k not in ("data", "mined", "runs")},
        "lists": len(data.lists), "fingerprint": fingerprint([mined / "lists.jsonl", mined / "passages.jsonl"]),
        "evaluations": [],
    }
    run_file = args.runs / f"{args.run}.json"
    run_file.parent.mkdir(parents=True, exist_ok=True)

    base = load(args.model)
    model = copy.deepcopy(base).train()
    model.embeddings.requires_grad_(False)
    model.layers[: model.independent].requires_grad_(False)
    body = [p for n, p in model.named_parameters() if n.startswith("layers.") and p.requires_grad]
    head = [model.cross_bias, *model.weights.values()]
    rates = [args.body_lr, args.head_lr, args.head_lr / 8]
    optimizer = torch.optim.AdamW(
        [{"params": p} for p in (body, head, [model.cls_weight])], weight_decay=0.0, betas=(0.9, 0.98))
    average = copy.deepcopy(model).eval()
    step, spent, losses = 0, 0.0, []
    if args.resume and (folder / "resume.pt").exists():
        saved = torch.load(folder / "resume.pt", weights_only=False)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent, record = saved["step"], saved["spent"], saved["record"]

    def judge():
        figures = {
            "step": step, "minutes": round(spent / 60, 1),
            "loss": round(sum(losses[-100:]) / max(1, len(losses[-100:])), 4),
            "crossBias": [round(b, 2) for b in model.cross_bias.mean(1).tolist()],
            "weights": {name: round(weight.item(), 3) for name, weight in model.weights.items()},
        }
        if args.judge:
            # xquad_en is at its ceiling: it would only cost time here.
            table = evaluate(average, args.data, args.judge, args.max_length, bf16=args.bf16, leave_out=("xquad_en",))
            figures["ndcg10"] = {k: round(v["reranked"], 4) for k, v in table.items() if isinstance(v, dict)}
        record["evaluations"].append(figures)
        print(json.dumps(figures), flush=True)
        run_file.write_text(json.dumps(record, indent=1) + "\n")
        save(average, folder / f"step{step}.pt")
        torch.save({"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(),
                    "step": step, "spent": spent, "record": record}, folder / "resume.pt")

    folder.mkdir(parents=True, exist_ok=True)
    while step < args.steps:
        began = time.time()
        query, document = data.batch(step, args.lists)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.bf16):
            with torch.no_grad():
                one = 1 + args.negatives  # a list's query is the same text in each of its pairs
                asked = (part.repeat_interleave(one, 0) for part in model.segment_states(query[0][::one], query[1][::one]))
                inputs = [torch.cat(both, 1) for both in zip(asked, model.segment_states(*document[:2]))]
                teacher = list_logits(base, *inputs, query, document).view(args.lists, one)
            logits = list_logits(model, *inputs, query, document).view(args.lists, one)
        # The start's order is half of the lesson: graded, where the row only knows one right answer.
        target = args.trust * F.one_hot(torch.zeros(args.lists, dtype=torch.long), one)
        target = target + (1 - args.trust) * (teacher / args.temperature).softmax(-1)
        loss = F.cross_entropy(logits, target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 5.0)
        slope = min(1.0, (step + 1) / 40) * max(0.02, 1 - step / args.steps)
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * slope
        optimizer.step()
        step += 1
        decay = min(0.99, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, new in zip(average.parameters(), model.parameters()):
                if new.requires_grad:
                    kept.lerp_(new, 1 - decay)
        losses.append(float(loss.detach()))
        spent += time.time() - began
        if step % 20 == 0:
            print(f"step {step} {spent / 60:.1f} min loss {sum(losses[-20:]) / len(losses[-20:]):.4f}", flush=True)
        if step % args.every == 0 or step == args.steps:
            judge()
