"""Kept codes and their scores, as docs/late-interaction.md defines them: the reference of the TypeScript side.

Everything between a text's codes and the terms of the logit is integer arithmetic, so that every machine
comes to the same logits. Floats appear only before (a text's token embeddings) and after (a handful of
operations in a fixed order), in float64. Written to be read, not to be fast.

Shapes in comments: T tokens, D dimensions, R rows of a query.
"""

import math
from dataclasses import dataclass

import numpy as np

SEED = 1  # of the turn's signs
QUERY_MAX = 127  # the largest of a query's integers
RARITY_UNIT = 128  # integer rarities are in steps of 1 / RARITY_UNIT
TERMS = ("cos", "best", "window", "title")  # in the order in which they are added up
BLOCK = 16  # tokens that lie together
WINDOW = 3  # blocks
TITLE = 2  # blocks


@dataclass(frozen=True)
class Format:
    """How many bits a dimension has, how wide a step is, and what a step of the first n bits is worth; for dimensions of variance 1."""

    bits: int
    step: float
    scales: tuple[float, ...]


# Uniform steps for a normal distribution; scales: least squares of what the first n bits say.
FORMATS = {
    2: Format(2, 0.9957, (0.7979, 0.4978)),
    3: Format(3, 0.586, (0.7979, 0.5464, 0.293)),
}


@dataclass(frozen=True)
class Kept:
    """What is kept of a document. codes [T, D], each `bits` wide; norm: float32."""

    codes: np.ndarray
    norm: np.float32

    def pack(self, bits: int) -> bytes:
        """Token count (uint32), norm (float32), then plane by plane, the highest bits first, token by token, eight dimensions a byte."""
        head = np.array([len(self.codes)], "<u4").tobytes() + np.array([self.norm], "<f4").tobytes()
        planes = [np.packbits(self.codes >> (bits - 1 - plane) & 1, axis=1, bitorder="little") for plane in range(bits)]
        return head + b"".join(plane.tobytes() for plane in planes)


@dataclass(frozen=True)
class Query:
    """rows [R + 1, D]: the mean first, then the tokens that count; weights [R]; one step for all rows."""

    rows: np.ndarray
    weights: np.ndarray
    step: float


def signs(dimensions: int) -> np.ndarray:
    """[2, D] of 1 and -1."""
    state, drawn = SEED, []
    for _ in range(2 * dimensions):
        state = (state * 1664525 + 1013904223) % 2**32
        drawn.append(-1.0 if state >= 2**31 else 1.0)
    return np.array(drawn).reshape(2, dimensions)


def turn(x: np.ndarray) -> np.ndarray:
    """An orthogonal turn of [T, D] that spreads every dimension over all: signs and Hadamard blocks, twice, with a deal in between."""
    tokens, dimensions = x.shape
    block = dimensions & -dimensions  # the largest power of two in D
    first, second = signs(dimensions)
    x = hadamard((x * first).reshape(tokens, -1, block))
    x = x.transpose(0, 2, 1).reshape(tokens, dimensions)  # dimension i · block + j to j · (D / block) + i
    return hadamard((x * second).reshape(tokens, -1, block)).reshape(tokens, dimensions) / block


def hadamard(x: np.ndarray) -> np.ndarray:
    """Of the last axis, a power of two, unscaled: sums and differences of neighbours 1, 2, 4, … apart."""
    apart = 1
    while apart < x.shape[-1]:
        pairs = x.reshape(*x.shape[:-1], -1, 2, apart)
        x = np.stack([pairs[..., 0, :] + pairs[..., 1, :], pairs[..., 0, :] - pairs[..., 1, :]], -2).reshape(x.shape)
        apart *= 2
    return x


def turned_units(embeddings: np.ndarray) -> np.ndarray:
    """Token embeddings [T, D] at length 1, turned, float64; sums run from the first dimension to the last."""
    x = embeddings.astype(np.float32).astype(np.float64)
    length = np.sqrt(np.cumsum(x * x, axis=1)[:, -1:])  # cumsum, as sum would add in another order
    return turn(np.divide(x, length, out=np.zeros_like(x), where=length > 0))


def keep(embeddings: np.ndarray, form: Format) -> Kept:
    """A document's codes and the length of the sum of its unit vectors."""
    v = turned_units(embeddings)
    total = np.cumsum(v, axis=0)[-1]
    norm = np.float32(math.sqrt(np.cumsum(total * total)[-1]))
    steps = np.floor(v * (math.sqrt(v.shape[1]) / form.step)).astype(np.int64)
    half = 2 ** (form.bits - 1)
    return Kept(np.clip(steps + half, 0, 2 * half - 1).astype(np.uint8), norm)


def ask(embeddings: np.ndarray, rarities: np.ndarray) -> Query:
    """A query's rows; rarities [T]: integers of its tokens, 0 for those that do not count."""
    v = turned_units(embeddings)
    mean = np.cumsum(v, axis=0)[-1]
    length = math.sqrt(np.cumsum(mean * mean)[-1])
    mean = mean / length if length > 0 else mean * 0
    counts = rarities > 0
    rows = np.concatenate([mean[None], v[counts]])
    largest = float(np.abs(rows).max())
    factor = QUERY_MAX / largest if largest > 0 else 0.0
    return Query(np.floor(rows * factor + 0.5).astype(np.int64), rarities[counts].astype(np.int64), largest / QUERY_MAX)


def values(kept: Kept, form: Format, bits: int) -> np.ndarray:
    """What the first `bits` bits say [T, D]: odd integers around 0."""
    return 2 * (kept.codes.astype(np.int64) >> (form.bits - bits)) + 1 - 2**bits


def similarities(query: Query, kept: Kept, form: Format, bits: int) -> np.ndarray:
    """Integers [R + 1, T]."""
    return query.rows @ values(kept, form, bits).T


def terms(query: Query, kept: Kept, form: Format, bits: int) -> dict[str, float]:
    """The terms of the logit; integers up to one division and one product each.

    cos    cosine of the mean embeddings of query and document
    best   mean over the query's tokens of the largest similarity to a document token, weighed by rarity (MaxSim)
    window the same to tokens of WINDOW blocks in a row, of the best ones
    title  the same to tokens of the first TITLE blocks
    """
    similar = similarities(query, kept, form, bits)
    unit = query.step * form.scales[bits - 1] / math.sqrt(kept.codes.shape[1])
    to_mean, by_token = similar[0], similar[1:]
    found = {"cos": int(to_mean.sum()) / float(kept.norm) * unit if kept.norm > 0 else 0.0, **dict.fromkeys(TERMS[1:], 0.0)}
    if len(by_token):
        blocks = np.maximum.reduceat(by_token, np.arange(0, by_token.shape[1], BLOCK), axis=1)

        def mean(first: int, count: int) -> float:
            largest = blocks[:, first : first + count].max(1)
            return int((query.weights * largest).sum()) / int(query.weights.sum()) * unit

        found["best"] = mean(0, blocks.shape[1])
        found["window"] = max(mean(first, WINDOW) for first in range(max(1, blocks.shape[1] - WINDOW + 1)))
        found["title"] = mean(0, TITLE)
    return found


def logit(found: dict[str, float], weights: dict[str, float], scale: float, shift: float) -> float:
    """scale · Σ weight · term + shift, added in the order of TERMS."""
    raw = 0.0
    for name in TERMS:
        raw += weights.get(name, 0.0) * found[name]
    return scale * raw + shift
