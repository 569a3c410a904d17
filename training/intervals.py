"""The figures' table: `page-rerank eval --json` files against BM25 and the bi-encoder, with bootstrap intervals."""

import json
import random
from pathlib import Path

import torch

from .data import ENGLISH, EvalSet, ndcg
from .model import start
from .score import by_length
from .text import PairEncoder, pad

RESAMPLES = 2000
LAYERS = 6  # of the base model


def bi_encoder(data: Path, out: Path, batch: int = 32) -> dict[str, dict[str, float]]:
    """nDCG@10 per set and query of the base weights as a bi-encoder (mean pooling, cosine, 256 tokens)."""
    # With every layer independent a text's states are the bi-encoder's.
    model, encoder = start(independent=LAYERS), PairEncoder(256)

    def vectors(texts: list[str]) -> torch.Tensor:
        encoded = [(ids[types == 0], types[types == 0]) for ids, types in encoder([(t, "") for t in texts])]
        result = torch.zeros(len(texts), model.config["hidden_size"])
        with torch.no_grad():
            for part in by_length([len(ids) for ids, _ in encoded], batch):
                ids, mask, _ = pad([encoded[i] for i in part])
                mean = (model.segment_states(ids, mask)[1] * mask[:, :, None]).sum(1)
                result[part] = mean / mean.norm(dim=-1, keepdim=True)
        return result

    table = {}
    for name in ENGLISH:
        source = EvalSet(data / "eval" / name)
        ids = list(source.documents)
        row = {d: i for i, d in enumerate(ids)}
        documents = vectors([source.documents[d] for d in ids])
        queries = source.sample(0)
        asked = vectors([source.queries[q] for q in queries])
        table[name] = {}
        for qid, vector in zip(queries, asked):
            candidates = source.candidates[qid]
            scores = documents[[row[d] for d in candidates]] @ vector
            order = [candidates[i] for i in scores.argsort(descending=True, stable=True).tolist()]
            table[name][qid] = ndcg(order, source.relevance[qid])
    out.write_text(json.dumps(table))
    return table


def interval(differences: list[float]) -> str:
    """Mean and 95 % percentile interval of the mean over resampled queries."""
    chance = random.Random(0)
    n = len(differences)
    means = sorted(sum(chance.choices(differences, k=n)) / n for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]
    return f"{sum(differences) / n:+.4f} ({low:+.3f} to {high:+.3f})"


def intervals(files: list[Path], bi: dict[str, dict[str, float]]) -> str:
    """Markdown rows from one or more eval files, whose queries are put together by set."""
    per_set: dict[str, dict[str, dict]] = {}
    for file in files:
        for report in json.loads(file.read_text())["sets"]:
            per_set.setdefault(report["set"], {}).update({q["id"]: q for q in report["perQuery"]})
    lines, means = [], [[], [], []]
    for name in ENGLISH:
        queries = per_set.get(name)
        if not queries:
            continue
        rows = [(q["base"]["ndcg10"], bi[name][i], q["reranked"]["ndcg10"], q["best"]) for i, q in queries.items()]
        bm25, encoder, ours, best = (sum(column) / len(rows) for column in zip(*rows))
        for mean, value in zip(means, (bm25, encoder, ours)):
            mean.append(value)
        lines.append(
            f"| {name} | {len(rows):,} | {bm25:.4f} | {encoder:.4f} | **{ours:.4f}** | {interval([r[2] - r[0] for r in rows])} "
            f"| {interval([r[2] - r[1] for r in rows])} | {sum(r[2] > r[0] for r in rows)} / {sum(r[2] < r[0] for r in rows)} | {best:.4f} |")
    bm25, encoder, ours = (sum(mean) / len(mean) for mean in means)
    lines.append(f"| **mean of {len(lines)}** | | {bm25:.4f} | {encoder:.4f} | **{ours:.4f}** | {ours - bm25:+.4f} | {ours - encoder:+.4f} | | |")
    return "\n".join([
        "| set | queries | BM25 | MiniLM bi-encoder | reranked | over BM25 (95 % interval) | over the bi-encoder | won / lost | best possible |",
        "|:--|--:|--:|--:|--:|:--|:--|--:|--:|", *lines])
