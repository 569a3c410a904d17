"""Vectors for the TypeScript side of docs/late-interaction.md: small random embeddings, their codes, similarities, terms, logits."""

import json

import numpy as np

from .codes import FORMATS, RARITY_UNIT, TERMS, ask, keep, logit, similarities, terms, turned_units
from .data import ROOT

FILE = ROOT / "test" / "reference" / "late-interaction" / "codes.json"
WEIGHTS = {"cos": 4.39, "best": 10.88, "window": 3.77, "title": 2.76}
SCALE, SHIFT = 0.61, -5.43


def embeddings(chance: np.random.Generator, tokens: int, dimensions: int) -> np.ndarray:
    return (chance.normal(0, 1, (tokens, dimensions)) * chance.uniform(0.2, 3)).astype(np.float32)


def group(chance: np.random.Generator, dimensions: int, bits: int) -> dict:
    form = FORMATS[bits]
    documents = [embeddings(chance, tokens, dimensions) for tokens in (1, 2, 4, 5, 16, 33, 49, 81)]
    documents.append(np.concatenate([documents[3][:2], np.zeros((1, dimensions), np.float32), documents[3][2:]]))
    documents.append(np.zeros((2, dimensions), np.float32))
    # One dimension alone, and two: after the turn many values are alike, some of them 0, where a code begins.
    documents.append(np.eye(3, dimensions, dtype=np.float32) - 2 * np.eye(3, dimensions, 1, dtype=np.float32))
    queries = [(embeddings(chance, tokens, dimensions), chance.integers(42, 179, tokens)) for tokens in (3, 4, 9, 17)]
    for _, rarities in queries:
        rarities[[0, -1]] = 0
    queries.append((embeddings(chance, 2, dimensions), np.zeros(2, np.int64)))
    queries.append((np.zeros((3, dimensions), np.float32), np.array([0, 90, 0])))
    queries.append((documents[3].copy(), np.array([0, 60, 128, 255, 0])))

    kept = [keep(document, form) for document in documents]
    asked = [ask(*query) for query in queries]
    cases = []
    for q, query in enumerate(asked):
        for d, document in enumerate(kept):
            for some in range(1, bits + 1) if (q + d) % 3 == 0 else (bits,):
                found = terms(query, document, form, some)
                cases.append({
                    "query": q, "document": d, "bits": some, "similarities": similarities(query, document, form, some).tolist(),
                    "terms": [found[name] for name in TERMS], "logit": logit(found, WEIGHTS, SCALE, SHIFT),
                })
    return {
        "dimensions": dimensions, "bits": bits, "step": form.step, "scales": form.scales,
        "turned": turned_units(documents[1]).tolist(),
        "documents": [{"embeddings": x.tolist(), "kept": k.pack(bits).hex()} for x, k in zip(documents, kept)],
        "queries": [
            {"embeddings": x.tolist(), "rarities": r.tolist(), "rows": q.rows.tolist(), "weights": q.weights.tolist(), "step": q.step}
            for (x, r), q in zip(queries, asked)
        ],
        "cases": cases,
    }


def golden_codes() -> None:
    chance = np.random.default_rng(20)
    head = {"termNames": TERMS, "weights": WEIGHTS, "scale": SCALE, "shift": SHIFT, "rarityUnit": RARITY_UNIT}
    # The block of the turn is 8 of 24 dimensions, 32 of 32.
    groups = [group(chance, 24, 2), group(chance, 32, 3)]

    def lines(values) -> str:
        return "[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]"

    parts = [
        ",\n".join(f"{json.dumps(key)}:{lines(value) if isinstance(value, list) else json.dumps(value)}" for key, value in one.items())
        for one in groups
    ]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(head)[:-1] + ',"groups":[\n{' + "},\n{".join(parts) + "}\n]}\n")
    print(f"{FILE.relative_to(ROOT)}: {sum(len(one['cases']) for one in groups)} cases, {FILE.stat().st_size:,} bytes")
