"""Reading the data: training rows (JSON Lines) and BEIR-form evaluation sets, and nDCG."""

import gzip
import hashlib
import json
import math
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
HELD_OUT = "held-out"  # the set that `collect` keeps from its own sources
CHINESE = ["xquad_zh", "drcd_zh"]
ENGLISH = ["xquad_en", "scifact", "liveqa_med", "dtc_faq", "vue_docs", "cranfield", "cisi"]


def read_jsonl(file: Path):
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


class EvalSet:
    """A BEIR folder with first-stage candidates; document text = title, newline, text."""

    def __init__(self, folder: Path):
        self.name = folder.name
        self.documents = {
            d["_id"]: f"{d['title']}\n{d['text']}" if d.get("title") else d["text"]
            for d in read_jsonl(folder / "corpus.jsonl")
        }
        self.queries = {q["_id"]: q["text"] for q in read_jsonl(folder / "queries.jsonl")}
        self.relevance: dict[str, dict[str, float]] = {}
        for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
            qid, document, grade = line.split("\t")
            self.relevance.setdefault(qid, {})[document] = float(grade)
        self.candidates = {c["qid"]: c["docs"] for c in read_jsonl(folder / "candidates.jsonl")}

    def sample(self, count: int, seed: int = 1) -> list[str]:
        """Query ids, the same ones for the same seed; all of them when count is 0."""
        ids = sorted(q for q in self.candidates if q in self.relevance)
        return ids if not count or count >= len(ids) else sorted(random.Random(seed).sample(ids, count))


def ndcg(order: list[str], grades: dict[str, float], k: int = 10) -> float:
    """nDCG@k with linear gains, as BEIR computes it."""
    gain = sum(grades.get(d, 0) / math.log2(i + 2) for i, d in enumerate(order[:k]))
    ideal = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(grades.values(), reverse=True)[:k]))
    return gain / ideal if ideal > 0 else 0.0


def evaluation_sets(data: Path, languages: tuple[str, ...] = ("en",)) -> list[str]:
    """The development sets of a data folder: the known ones of a language, or what `collect` held out."""
    known = CHINESE if languages == ("zh",) else ENGLISH
    return [name for name in [*known, HELD_OUT] if (data / "eval" / name).is_dir()]


def fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
