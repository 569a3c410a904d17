"""Which rows are trained on: their shares by kind, and none near an evaluation set."""

import random
import re
from pathlib import Path

from .data import HELD_OUT, EvalSet, read_jsonl

WORD = re.compile(r"\w+")
RUN = 20  # words; a shared run of this length counts as a copied passage
# Real questions count in full; headings, of which there are many, in part; and less of what the
# start orders rightly nine times out of ten.
SHARE = {"question": 1.0, "title2post": 1.0, "other": 0.35}
EASY = {"medquad": 0.3, "factbook": 0.1, "squad": 0.5, "boolq": 0.5, "selqa": 0.6}


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def training_rows(data: Path, seed: int) -> list[dict]:
    """Shuffled rows: all natural questions, a share of templated ones and of headings.

    Rows whose source names no kind (`name#kind`) count as questions.
    """
    chance = random.Random(seed)
    rows = []
    for file in sorted([*(data / "train").glob("*.jsonl.gz"), *(data / "train").glob("*.jsonl")]):
        for row in read_jsonl(file):
            row["source"] = row.get("source") or file.name.split(".")[0]
            kind = (row["source"].split("#") + ["question"])[1].split("+")[0]
            share = EASY.get(file.name.split(".")[0]) or SHARE.get(kind, SHARE["other"])
            if chance.random() < share:
                rows.append(row)
    chance.shuffle(rows)
    return rows


def keep_apart(rows: list[dict], data: Path) -> tuple[list[dict], dict]:
    """Rows without any evaluation query and without 20 words in a row of an evaluation passage."""
    queries, runs = set(), set()
    for folder in sorted((data / "eval").glob("*")):
        if folder.is_dir():
            source = EvalSet(folder)
            queries.update(" ".join(words(q)) for q in source.queries.values())
            # What `collect` held out shares its corpus with the training rows: only the right answers count.
            judged = {d for grades in source.relevance.values() for d in grades}
            for document in judged if folder.name == HELD_OUT else source.documents:
                w = words(source.documents[document])
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
