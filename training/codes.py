"""Kept codes and their scores, as docs/late-interaction.md defines them: the reference of the TypeScript side.

Everything between a text's codes and the terms of the logit is integer arithmetic, so that every machine
comes to the same logits. Floats appear only before (a text's token embeddings) and after (a handful of
operations in a fixed order), in float64. Written to be read, not to be fast.

Shapes in comments: T tokens, S subspaces of 4 dimensions, L levels.
"""

import math
from dataclasses import dataclass

import numpy as np

GROUP = 4  # dimensions of a subspace
WORDS = 16  # codewords of a subspace: a code is half a byte
UNIT = 14  # a unit vector's integers are in steps of 2 ** -UNIT
QUERY_MAX = 127  # the largest of a query's integers
RARITY_UNIT = 128  # integer rarities are in steps of 1 / RARITY_UNIT
TERMS = ("cos", "best", "early")  # in the order in which they are added up


@dataclass(frozen=True)
class Codebooks:
    """words [L, S, 16, 4] int8; level l's are in steps of 2 ** -exponents[l]."""

    words: np.ndarray
    exponents: tuple[int, ...]

    def __post_init__(self):
        norms = np.square(self.words.astype(np.int64)).sum(-1)
        assert norms.max() <= QUERY_MAX**2, "a codeword is longer than 127: its products would not fit 16 bits"
        assert list(self.exponents) == sorted(self.exponents), "finer levels come later"


@dataclass(frozen=True)
class Kept:
    """What is kept of a document. codes [L, T, S], each 0 … 15; norm: float32."""

    codes: np.ndarray
    norm: np.float32

    def pack(self) -> bytes:
        """Token count (uint32), norm (float32), then level by level, token by token, two codes a byte, the even one low."""
        head = np.array([self.codes.shape[1]], "<u4").tobytes() + np.array([self.norm], "<f4").tobytes()
        return head + (self.codes[..., 0::2] | self.codes[..., 1::2] << 4).astype(np.uint8).tobytes()


@dataclass(frozen=True)
class Query:
    """rows [R, S·4]: the mean first, then the tokens that count; weights [R - 1]; one step for all rows."""

    rows: np.ndarray
    weights: np.ndarray
    step: float


def units(embeddings: np.ndarray) -> np.ndarray:
    """Token embeddings [T, D] at length 1, float64; sums run from the first dimension to the last."""
    x = embeddings.astype(np.float32).astype(np.float64)
    length = np.sqrt(np.cumsum(x * x, axis=1)[:, -1:])  # cumsum, as sum would add in another order
    return np.divide(x, length, out=np.zeros_like(x), where=length > 0)


def nearest(x: np.ndarray) -> np.ndarray:
    """Rounded to integers, halves up."""
    return np.floor(x + 0.5).astype(np.int64)


def keep(embeddings: np.ndarray, books: Codebooks) -> Kept:
    """A document's codes: level by level the nearest codeword to what is left, the lowest of equals."""
    v = units(embeddings)
    total = np.cumsum(v, axis=0)[-1]
    norm = np.float32(math.sqrt(np.cumsum(total * total)[-1]))
    left = nearest(v * 2**UNIT).reshape(len(v), -1, GROUP)  # [T, S, 4]
    codes = []
    for words, exponent in zip(books.words.astype(np.int64), books.exponents):
        scaled = words << (UNIT - exponent)  # [S, 16, 4]
        distance = np.square(left[:, :, None] - scaled[None]).sum(-1)  # [T, S, 16]
        code = distance.argmin(-1)  # numpy takes the first of equals
        left = left - scaled[np.arange(code.shape[1])[None], code]
        codes.append(code.astype(np.uint8))
    return Kept(np.stack(codes), norm)


def ask(embeddings: np.ndarray, rarities: np.ndarray) -> Query:
    """A query's rows; rarities [T]: integers of its tokens, 0 for those that do not count."""
    v = units(embeddings)
    mean = np.cumsum(v, axis=0)[-1]
    length = math.sqrt(np.cumsum(mean * mean)[-1])
    mean = mean / length if length > 0 else mean * 0
    counts = rarities > 0
    rows = np.concatenate([mean[None], v[counts]])
    largest = float(np.abs(rows).max())
    factor = QUERY_MAX / largest if largest > 0 else 0.0
    return Query(nearest(rows * factor), rarities[counts].astype(np.int64), largest / QUERY_MAX)


def tables(query: Query, books: Codebooks, level: int) -> np.ndarray:
    """Products [R, S, 16] of every row with every codeword; 16 bits hold them."""
    rows = query.rows.reshape(len(query.rows), -1, GROUP)
    return np.einsum("rsd,swd->rsw", rows, books.words[level].astype(np.int64))


def similarities(query: Query, kept: Kept, books: Codebooks, levels: int) -> np.ndarray:
    """Integers [R, T] in steps of `step` · 2 ** -exponents[levels - 1]."""
    total = np.zeros((len(query.rows), kept.codes.shape[1]), np.int64)
    subspaces = np.arange(kept.codes.shape[2])[None]
    for level in range(levels):
        table = tables(query, books, level)  # [R, S, 16]
        found = table[:, subspaces, kept.codes[level]].sum(-1)  # [R, T]
        total += found << (books.exponents[levels - 1] - books.exponents[level])
    return total


def terms(query: Query, kept: Kept, books: Codebooks, levels: int, early: int) -> dict[str, float]:
    """The terms of the logit; integers up to one division and one product each.

    cos    cosine of the mean embeddings of query and document
    best   mean over the query's tokens of the largest similarity to a document token, weighed by rarity (MaxSim)
    early  mean over the first `early` document tokens (the title's) of the largest similarity to a query token
    """
    similar = similarities(query, kept, books, levels)
    step = query.step * 2.0 ** -books.exponents[levels - 1]
    to_mean, by_token = similar[0], similar[1:]
    found = {"cos": int(to_mean.sum()) / float(kept.norm) * step if kept.norm > 0 else 0.0, "best": 0.0, "early": 0.0}
    if len(by_token):
        found["best"] = int((query.weights * by_token.max(1)).sum()) / int(query.weights.sum()) * step
        first = by_token[:, :early].max(0)
        found["early"] = int(first.sum()) / len(first) * step
    return found


def logit(found: dict[str, float], weights: dict[str, float], scale: float, shift: float) -> float:
    """scale · Σ weight · term + shift, added in the order of TERMS."""
    raw = 0.0
    for name in TERMS:
        raw += weights.get(name, 0.0) * found[name]
    return scale * raw + shift
