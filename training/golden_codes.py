"""Vectors for the TypeScript side of docs/late-interaction.md: small random embeddings, their codes, similarities, terms, logits."""

import json

import numpy as np

from .codes import GROUP, QUERY_MAX, RARITY_UNIT, TERMS, WORDS, Codebooks, ask, keep, logit, similarities, terms
from .data import ROOT

FILE = ROOT / "test" / "reference" / "late-interaction" / "codes.json"
DIMENSIONS, EARLY = 32, 5
EXPONENTS = (7, 9, 12)
WEIGHTS = {"cos": 4.39, "best": 10.88, "early": 2.91}
SCALE, SHIFT = 0.61, -5.43


def codebooks(chance: np.random.Generator) -> Codebooks:
    """Random codewords about as large as what each level has to say; one of the longest that is allowed, two that are the same."""
    subspaces = DIMENSIONS // GROUP
    words = chance.normal(0, [[[[2**7 / 6]]], [[[2**9 / 14]]], [[[2**12 / 40]]]], (len(EXPONENTS), subspaces, WORDS, GROUP))
    length = np.linalg.norm(words, axis=-1, keepdims=True)
    words = np.trunc(words * np.minimum(1, QUERY_MAX / np.maximum(length, 1)))
    words[0, 0, 3] = [QUERY_MAX, 0, 0, 0]
    words[0, 1, 9] = words[0, 1, 4]
    return Codebooks(words.astype(np.int8), EXPONENTS)


def embeddings(chance: np.random.Generator, tokens: int) -> np.ndarray:
    return (chance.normal(0, 1, (tokens, DIMENSIONS)) * chance.uniform(0.2, 3)).astype(np.float32)


def golden_codes() -> None:
    chance = np.random.default_rng(20)
    books = codebooks(chance)
    documents = [embeddings(chance, tokens) for tokens in (1, 2, 5, 6, 7, 16, 33)]
    documents.append(np.concatenate([documents[3][:2], np.zeros((1, DIMENSIONS), np.float32), documents[3][2:]]))
    documents.append(np.zeros((2, DIMENSIONS), np.float32))
    # Halves, where rounding decides, and equals, where the lowest code does.
    documents.append(np.kron(np.array([[1, -1], [1, 1], [-3, 4], [0, 0.5]]), np.ones((1, DIMENSIONS // 2))).astype(np.float32))
    queries = [(embeddings(chance, tokens), chance.integers(42, 179, tokens)) for tokens in (3, 4, 9, 17)]
    for asked, rarities in queries:
        rarities[[0, -1]] = 0
    queries.append((embeddings(chance, 2), np.zeros(2, np.int64)))
    queries.append((np.zeros((3, DIMENSIONS), np.float32), np.array([0, 90, 0])))
    queries.append((documents[4].copy(), np.array([0, 60, 60, 128, 1, 255, 0])))

    kept = [keep(document, books) for document in documents]
    rows = [ask(*query) for query in queries]
    cases = []
    for q, query in enumerate(rows):
        for d, document in enumerate(kept):
            for levels in (1, 2, 3) if (q + d) % 3 == 0 else (2,):
                found = terms(query, document, books, levels, EARLY)
                cases.append({
                    "query": q, "document": d, "levels": levels,
                    "similarities": similarities(query, document, books, levels).tolist(),
                    "terms": [found[name] for name in TERMS], "logit": logit(found, WEIGHTS, SCALE, SHIFT),
                })

    def lines(values) -> str:
        return "[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]"

    head = {
        "dimensions": DIMENSIONS, "exponents": EXPONENTS, "early": EARLY, "termNames": TERMS,
        "weights": WEIGHTS, "scale": SCALE, "shift": SHIFT, "rarityUnit": RARITY_UNIT,
        "codebooks": books.words.tolist(),
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(
        json.dumps(head, separators=(",", ":"))[:-1]
        + ',\n"documents": ' + lines({"embeddings": x.tolist(), "kept": k.pack().hex()} for x, k in zip(documents, kept))
        + ',\n"queries": ' + lines(
            {"embeddings": x.tolist(), "rarities": r.tolist(), "rows": q.rows.tolist(), "weights": q.weights.tolist(), "step": q.step}
            for (x, r), q in zip(queries, rows))
        + ',\n"cases": ' + lines(cases) + "\n}\n")
    print(f"{FILE.relative_to(ROOT)}: {len(cases)} cases, {FILE.stat().st_size:,} bytes")
