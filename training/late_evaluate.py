"""nDCG@10 and recall of a late-interaction model on a data folder's development sets: the candidates given, and the whole corpus.

Embeddings are kept on disk (float16), so that a second look at the same encoder takes minutes.
"""

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .codes import BLOCK, TERMS, TITLE, WINDOW, Format, turned_units
from .data import EvalSet, evaluation_sets, ndcg
from .late import QUERY_LENGTH, LateInteraction, embed

DEEP = 50  # recall@DEEP, and as many candidates as a first stage hands over


@dataclass
class Texts:
    """Unit vectors of many texts, turned, end to end: v [tokens, D] float32; text i is v[offsets[i] : offsets[i + 1]]."""

    v: np.ndarray
    ids: np.ndarray
    offsets: np.ndarray

    def of(self, i: int) -> slice:
        return slice(self.offsets[i], self.offsets[i + 1])


def texts_of(late: LateInteraction, texts: list[str], length: int, bf16: bool, cache: Path | None) -> Texts:
    ids = late.texts(texts, length)
    offsets = np.concatenate([[0], np.cumsum([len(i) for i in ids])])
    file = cache and cache / f"{key(late, texts, length, bf16)}.npy"
    if file and file.exists():
        states = np.load(file, mmap_mode="r")
    else:
        states = np.concatenate(embed(late.encoder, ids, bf16))
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, states.astype(np.float16))
    v = np.empty(states.shape, np.float32)
    for at in range(0, len(v), 20_000):
        v[at : at + 20_000] = turned_units(states[at : at + 20_000])
    return Texts(v, np.concatenate(ids), offsets)


def key(late: LateInteraction, texts: list[str], length: int, bf16: bool) -> str:
    digest = hashlib.sha256(f"{length} {bf16}".encode())
    for tensor in late.encoder.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    for text in texts:
        digest.update(text.encode())
    return digest.hexdigest()[:20]


def coded(v: np.ndarray, form: Format, bits: int) -> np.ndarray:
    """What `bits` of the codes say of v, as numbers as large as v's. Small integers times one factor: float32 carries the products."""
    steps = np.floor(v * (math.sqrt(v.shape[1]) / form.step)) + 2 ** (form.bits - 1)
    code = np.clip(steps, 0, 2**form.bits - 1).astype(np.int64) >> (form.bits - bits)
    return ((2 * code + 1 - 2**bits) * (form.scales[bits - 1] / math.sqrt(v.shape[1]))).astype(np.float32)


def rows_of(v: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The query's mean, then the tokens that count; and those tokens' weights."""
    mean = v.sum(0)
    return np.concatenate([(mean / np.linalg.norm(mean))[None], v[weights > 0]]), weights[weights > 0].astype(np.float32)


def raw_logits(late: LateInteraction, rows, weights, v: np.ndarray, offsets: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Of documents end to end; without scale and shift."""
    similar = rows @ v.T
    starts = offsets[:-1]
    cos = np.add.reduceat(similar[0], starts) / norms
    if not len(weights):
        return late.weights["cos"] * cos
    # Blocks begin anew with every document.
    counts = -(-np.diff(offsets) // BLOCK)
    ends = np.cumsum(counts)
    begins = ends - counts
    of_block = np.repeat(np.arange(len(counts)), counts)
    inner = np.arange(ends[-1]) - begins[of_block]
    blocks = np.maximum.reduceat(similar[1:], starts[of_block] + inner * BLOCK, axis=1)

    def over(count: int) -> np.ndarray:
        """[blocks]: the weighted mean of the largest similarities to `count` blocks from each on, within its document."""
        largest = blocks
        for ahead in range(1, count):
            place = np.minimum(np.arange(ends[-1]) + ahead, ends[of_block] - 1)
            largest = np.maximum(largest, blocks[:, place])
        return weights @ largest / weights.sum()

    found = {
        "cos": cos,
        "best": weights @ np.maximum.reduceat(blocks, begins, axis=1) / weights.sum(),
        "window": np.maximum.reduceat(over(WINDOW), begins),
        "title": over(TITLE)[begins],
    }
    return sum(late.weights[name] * found[name] for name in TERMS)


def late_evaluate(
    late: LateInteraction, data: Path, queries: int, whole: bool, forms: dict[str, tuple[Format, int] | None], seed: int = 1,
    bf16: bool = False, cache: Path | None = None, sets: list[str] | None = None, shortlist: int = 256,
) -> dict:
    """Per set and form (None: full precision): pool, the nDCG@10 of reranking the candidates given, with and without the first
    stage's bonus; and with `whole` nDCG@10 and recall@50 of all documents ranked, those of the first bit's shortlist by all bits."""
    table = {}
    for name in sets or evaluation_sets(data):
        source = EvalSet(data / "eval" / name)
        documents = texts_of(late, list(source.documents.values()), late.document_length, bf16, cache)
        asked = texts_of(late, list(source.queries.values()), QUERY_LENGTH, bf16, cache)
        number = {d: i for i, d in enumerate(source.documents)}
        names = list(source.documents)
        place = {q: i for i, q in enumerate(source.queries)}
        chosen = source.sample(queries, seed)
        norms = np.linalg.norm(np.add.reduceat(documents.v, documents.offsets[:-1], axis=0), axis=1)
        row = {"queries": len(chosen), "bm25": float(np.mean([ndcg(source.candidates[q], source.relevance[q]) for q in chosen]))}
        first_bits = None
        for label, form in forms.items():
            v = documents.v if form is None else coded(documents.v, *form)
            found = {"pool": [], "poolWithFirstStage": [], "whole": [], "recall": []}
            firsts = []
            for at, qid in enumerate(chosen):
                span = asked.of(place[qid])
                rows, weights = rows_of(asked.v[span], late.rarity[asked.ids[span]])
                grades, candidates = source.relevance[qid], source.candidates[qid]
                pool = np.array([number[d] for d in candidates])
                if whole:
                    logits = raw_logits(late, rows, weights, v, documents.offsets, norms)
                    of_pool = logits[pool]
                    if form and form[1] == 1:
                        firsts.append(np.argsort(-logits, kind="stable")[:shortlist])
                    elif form and first_bits:
                        beyond = np.ones(len(logits), bool)
                        beyond[first_bits[at]] = False
                        logits[beyond] = -np.inf
                    order = [names[i] for i in np.argsort(-logits, kind="stable")[:DEEP]]
                    relevant = [d for d, grade in grades.items() if grade > 0]
                    found["whole"].append(ndcg(order, grades))
                    found["recall"].append(len(set(order) & set(relevant)) / max(1, len(relevant)))
                else:
                    spans = [documents.of(i) for i in pool]
                    offsets = np.concatenate([[0], np.cumsum([s.stop - s.start for s in spans])])
                    of_pool = raw_logits(late, rows, weights, np.concatenate([v[s] for s in spans]), offsets, norms[pool])
                bonus = late.first_stage_weight * (1 - np.arange(len(pool)) / len(pool))
                for key_, scores in (("pool", of_pool), ("poolWithFirstStage", of_pool + bonus)):
                    found[key_].append(ndcg([candidates[i] for i in np.argsort(-scores, kind="stable")], grades))
            if firsts:
                first_bits = firsts
            row[label] = {k: round(float(np.mean(x)), 4) for k, x in found.items() if x}
        table[name] = row
        print(name, row, flush=True)
    return table
