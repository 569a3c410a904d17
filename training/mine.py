"""Hard negatives: for each training query, what BM25 finds first among its source's passages.

The negatives that come with the rows are BM25's very first ones. A model trained on those alone
learns that sharing words means nothing, which is not so among the fifty candidates that a first
stage hands over. So each query gets a list like the ones it will have to order.
"""

import json
import logging
from pathlib import Path

import bm25s
import numpy as np
import Stemmer

from .data import EvalSet, read_jsonl
from .rows import words

CANDIDATES = 50  # as many as a first stage hands over
SAME = 0.5  # word-set Jaccard above which a passage counts as a copy of the positive
logging.getLogger("bm25s").setLevel(logging.WARNING)


def tokens(texts: list[str]):
    return bm25s.tokenize(texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False)


def first_stage(texts: list[str], queries: list[str]) -> list[list[int]]:
    """Per query the indices of BM25's first CANDIDATES texts."""
    if not queries:
        return []
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(tokens(texts), show_progress=False)
    found, _ = index.retrieve(tokens(queries), k=min(CANDIDATES, len(texts)), show_progress=False)
    return found.tolist()


def mine(rows: list[dict], out: Path) -> dict:
    """Write `passages.jsonl` (texts) and `lists.jsonl`: query, source, positive and negatives as
    line numbers into it, negatives in BM25's order, and the positive's place in it, null where BM25
    did not find it. Rows keep negatives of theirs that BM25 did not find."""
    out.mkdir(parents=True, exist_ok=True)
    by_source: dict[str, list[dict]] = {}
    for row in rows:
        by_source.setdefault(row["source"].split("#")[0], []).append(row)
    offset, lists, copies = 0, [], 0
    with (out / "passages.jsonl").open("w") as passages:
        for source, part in sorted(by_source.items()):
            texts = list(dict.fromkeys(t for row in part for t in [row["positive"], *row["negatives"]]))
            number = {text: i for i, text in enumerate(texts)}
            bags = [frozenset(words(text)) for text in texts]
            for row, candidates in zip(part, first_stage(texts, [row["query"] for row in part])):
                positive = number[row["positive"]]
                ours = [c for c in candidates if c != positive]
                ours += [number[t] for t in row["negatives"] if number[t] not in set(ours)]
                kept = [c for c in ours if len(bags[c] & bags[positive]) <= SAME * len(bags[c] | bags[positive])]
                copies += len(ours) - len(kept)
                place = candidates.index(positive) if positive in candidates else None
                lists.append({"query": row["query"], "source": row["source"], "positive": offset + positive, "place": place,
                              "negatives": [offset + c for c in kept]})
            passages.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
            offset += len(texts)
    np.random.default_rng(0).shuffle(lists)
    with (out / "lists.jsonl").open("w") as file:
        file.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in lists)
    return {"lists": len(lists), "passages": offset, "copiesLeftOut": copies}


def read_mined(folder: Path) -> tuple[list[str], list[dict]]:
    """Passages and lists of what `mine` wrote, or of an evaluation set, whose candidates are such lists too."""
    if (folder / "candidates.jsonl").exists():
        return lists_of(EvalSet(folder))
    return list(read_jsonl(folder / "passages.jsonl")), list(read_jsonl(folder / "lists.jsonl"))


def lists_of(source: EvalSet) -> tuple[list[str], list[dict]]:
    number = {document: i for i, document in enumerate(source.documents)}
    lists = []
    for qid in source.sample(0):
        grades, candidates = source.relevance[qid], source.candidates[qid]
        positive = max(grades, key=grades.get)
        lists.append({
            "query": source.queries[qid], "source": source.name, "positive": number[positive],
            "place": candidates.index(positive) if positive in candidates else None,
            "negatives": [number[d] for d in candidates if not grades.get(d)],
        })
    return list(source.documents.values()), lists


def rows_of_lists(folder: Path) -> list[dict]:
    """The same with their texts: query, positive, negatives."""
    passages, lists = read_mined(folder)
    return [
        {"query": one["query"], "positive": passages[one["positive"]], "negatives": [passages[i] for i in one["negatives"]]}
        for one in lists
    ]
