"""nDCG@10 of reranking the given candidates, on samples of a data folder's development sets."""

import time
from pathlib import Path

import numpy as np
import torch

from .data import EvalSet, evaluation_sets, ndcg
from .model import CrossEncoder
from .score import torch_logits
from .text import PairEncoder


def evaluate(
    model: CrossEncoder, data: Path, queries: int, max_length: int, seed: int = 1, bf16: bool = False,
    leave_out: tuple[str, ...] = (),
) -> dict:
    """Per set: queries scored, BM25's nDCG@10 (candidates as given) and the reranker's, in PyTorch.

    The quantized files are judged by the product itself (`page-rerank eval`).
    """
    encoder = PairEncoder(max_length, model.kept_ids)
    table, began = {}, time.time()
    sets = [name for name in evaluation_sets(data) if name not in leave_out]
    for name in sets:
        source = EvalSet(data / "eval" / name)
        before, after = [], []
        for qid in source.sample(queries, seed):
            documents, grades = source.candidates[qid], source.relevance[qid]
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = torch_logits(model, encoder([(source.queries[qid], source.documents[d]) for d in documents]))
            # Stable: ties keep the first stage's order.
            order = [documents[i] for i in np.argsort(-logits, kind="stable")]
            before.append(ndcg(documents, grades))
            after.append(ndcg(order, grades))
        table[name] = {"queries": len(after), "bm25": float(np.mean(before)), "reranked": float(np.mean(after))}
    table["mean"] = {
        "queries": sum(table[s]["queries"] for s in sets),
        "bm25": float(np.mean([table[s]["bm25"] for s in sets])),
        "reranked": float(np.mean([table[s]["reranked"] for s in sets])),
    }
    table["seconds"] = round(time.time() - began, 1)
    return table


def print_table(table: dict) -> None:
    print(f"{'set':12} {'queries':>7} {'BM25':>7} {'reranked':>9}")
    for name, row in table.items():
        if isinstance(row, dict):
            print(f"{name:12} {row['queries']:7d} {row['bm25']:7.4f} {row['reranked']:9.4f}")
