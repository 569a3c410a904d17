"""Gentle fine-tuning: listwise softmax over 1 positive and its BM25 negatives.

The start already ranks well, and plain fine-tuning at this budget forgets more than it
learns. So: small steps for the body, larger ones for the cross biases and the head, frozen
embeddings and lowest layers, a pull back to the start after every step, an average of the weights over the
tail (EMA), early stopping on a fixed sample, and `mix` to weigh start and result afterwards.
"""

import copy
import json
import random
import re
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from .data import ENGLISH, ROOT, EvalSet, fingerprint, read_jsonl
from .evaluate import evaluate
from .export import WORK, torch_logits
from .model import CrossEncoder, save, start
from .text import PairEncoder, pad

WORD = re.compile(r"\w+")
RUN = 20  # words; a shared run of this length counts as a copied passage
TEMPLATED = ("medquad", "factbook")
SHARE = {"question": 1.0, "title2post": 1.0, "templated": 0.3, "other": 0.35}


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def training_rows(data: Path, seed: int) -> list[dict]:
    """Shuffled rows: all natural questions, a share of templated ones and of headings."""
    chance = random.Random(seed)
    rows = []
    for file in sorted((data / "train").glob("*.jsonl.gz")):
        for row in read_jsonl(file):
            kind = row["source"].split("#")[1].split("+")[0]
            if file.name.startswith(TEMPLATED):
                share = SHARE["templated"]
            else:
                share = SHARE.get(kind, SHARE["other"])
            if chance.random() < share:
                rows.append(row)
    chance.shuffle(rows)
    return rows


def keep_apart(rows: list[dict], data: Path) -> tuple[list[dict], dict]:
    """Rows without any evaluation query and without 20 words in a row of an evaluation passage."""
    queries, runs = set(), set()
    for folder in sorted((data / "eval").iterdir()):
        if folder.is_dir():
            source = EvalSet(folder)
            queries.update(" ".join(words(q)) for q in source.queries.values())
            for document in source.documents.values():
                w = words(document)
                runs.update(hash(tuple(w[i : i + RUN])) for i in range(len(w) - RUN + 1))

    def apart(row: dict) -> bool:
        if " ".join(words(row["query"])) in queries:
            return False
        passages = [words(p) for p in [row["positive"], *row["negatives"]]]
        return not any(hash(tuple(w[i : i + RUN])) in runs for w in passages for i in range(len(w) - RUN + 1))

    kept = [row for row in rows if apart(row)]
    if len(kept) < 0.98 * len(rows):
        raise SystemExit(f"{len(rows) - len(kept)} of {len(rows)} training rows overlap the evaluation sets: wrong data?")
    return kept, {"rows": len(kept), "droppedAsOverlapping": len(rows) - len(kept)}


def dev_loss(model: CrossEncoder, data: Path, encoder: PairEncoder, count: int = 80) -> dict:
    """Listwise loss and share of rows whose positive comes first, on a fixed dev sample."""
    rows = list(read_jsonl(data / "dev" / "dev.jsonl.gz"))
    random.Random(7).shuffle(rows)
    loss = first = 0.0
    for row in rows[:count]:
        logits = torch_logits(model, encoder([(row["query"], d) for d in [row["positive"], *row["negatives"]]]))
        scores = torch.from_numpy(logits)
        loss += float(F.cross_entropy(scores[None], torch.tensor([0]))) / count
        first += float(scores.argmax() == 0) / count
    return {"loss": round(loss, 4), "first": round(first, 4)}


def mix(base: CrossEncoder, trained: CrossEncoder, share: float) -> CrossEncoder:
    """Weights on the line from `base` (0) to `trained` (1)."""
    model, theirs = copy.deepcopy(base), trained.state_dict()
    model.load_state_dict({k: v.lerp(theirs[k], share) for k, v in base.state_dict().items()})
    return model


def train(args) -> None:
    rows, apart = keep_apart(training_rows(args.data, args.seed), args.data)
    print(f"rows apart from the evaluation sets: {apart}", flush=True)
    files = sorted((args.data / "train").glob("*.jsonl.gz"))
    record = {
        "args": {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items() if k != "data"},
        "data": {"fingerprint": fingerprint(files), "files": len(files), **apart, "shares": SHARE},
        "evaluations": [],
    }
    folder = WORK / args.run
    run_file = ROOT / "training" / "runs" / f"{args.run}.json"
    run_file.parent.mkdir(exist_ok=True)

    model = start().train()
    model.embeddings.requires_grad_(False)
    home = copy.deepcopy(model.state_dict())
    # The lowest layers stay as they are, cross biases included: a third of the backward pass saved.
    model.frozen = args.frozen
    model.layers[: args.frozen].requires_grad_(False)
    body = [(n, p) for n, p in model.named_parameters() if n.startswith("layers.") and p.requires_grad]
    optimizer = torch.optim.AdamW([
        {"params": [p for _, p in body], "lr": args.body_lr, "top": args.body_lr},
        {"params": [model.cross_bias, model.cos_weight, model.max_weight, model.exact_weight], "lr": args.head_lr, "top": args.head_lr},
        {"params": [model.cls_weight], "lr": args.head_lr / 8, "top": args.head_lr / 8},
    ], weight_decay=0.0, betas=(0.9, 0.98))
    average = copy.deepcopy(model).eval()
    encoder = PairEncoder(args.max_length)
    step, spent, losses, best = 0, 0.0, [], -1.0

    if args.resume and (folder / "resume.pt").exists():
        saved = torch.load(folder / "resume.pt", weights_only=False)
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, spent, best, record = saved["step"], saved["spent"], saved["best"], saved["record"]

    def judge():
        nonlocal best
        figures = {
            "step": step, "minutes": round(spent / 60, 1),
            "loss": round(sum(losses[-50:]) / max(1, len(losses[-50:])), 4),
            "dev": dev_loss(average, args.data, encoder),
            # xquad_en is at its ceiling: it would only cost time here.
            "ndcg10": {k: round(v["reranked"], 4) for k, v in evaluate(
                average, args.data, 8, args.max_length, sets=tuple(ENGLISH[1:])).items() if isinstance(v, dict)},
            "crossBias": [round(float(b), 2) for b in model.cross_bias.mean(1)],
            "cos": round(float(model.cos_weight), 3), "max": round(float(model.max_weight), 3),
            "exact": round(float(model.exact_weight), 3),
        }
        record["evaluations"].append(figures)
        print(json.dumps(figures), flush=True)
        run_file.write_text(json.dumps(record, indent=1) + "\n")
        # Both samples are small; together they are steadier than either.
        merit = figures["ndcg10"]["mean"] + 0.5 * figures["dev"]["first"]
        save(average, folder / "last.pt")
        if merit > best:
            best = merit
            save(average, folder / "best.pt")
        torch.save({"model": model.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(),
                    "step": step, "spent": spent, "best": best, "record": record}, folder / "resume.pt")

    limit, every = args.minutes * 60, 900  # seconds
    due = spent + every
    while spent < limit:
        began = time.time()
        chance = random.Random(args.seed * 1_000_003 + step)  # the same batch at the same step, resumed or not
        batch = [rows[(step * args.rows + i) % len(rows)] for i in range(args.rows)]
        pairs = [
            (row["query"], document)
            for row in batch
            for document in [row["positive"], *chance.sample(row["negatives"], args.negatives)]
        ]
        logits = model(*pad(encoder(pairs))).view(args.rows, 1 + args.negatives)
        loss = F.cross_entropy(logits, torch.zeros(args.rows, dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 5.0)
        rate = min(1.0, (step + 1) / 40) * max(0.02, 1 - spent / limit)  # warm up, then down by the clock
        for group in optimizer.param_groups:
            group["lr"] = group["top"] * rate
        optimizer.step()
        step += 1
        decay = min(0.995, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, weight in body:
                weight.lerp_(home[name], args.pull * rate)
            for kept, new in zip(average.parameters(), model.parameters()):
                if new.requires_grad:
                    kept.lerp_(new, 1 - decay)
        losses.append(float(loss.detach()))
        spent += time.time() - began
        if step % 20 == 0:
            print(f"step {step} {spent / 60:.1f} min loss {sum(losses[-20:]) / len(losses[-20:]):.4f}", flush=True)
        if spent > due and spent < limit:
            judge()
            due = spent + every
    judge()
