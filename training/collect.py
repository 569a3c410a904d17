"""Training data from what anybody can install by name, and from a site's own pages and search log.

Every source gives texts cut into sections; the heading, synopsis or clicked search is the query, its section the
positive. Written in the form the other commands read: `train/`, `dev/`, and `eval/held-out/`, whose queries are never
trained on. Negatives are found by `mine`.
"""

import ast
import gzip
import hashlib
import json
import re
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString
from markdown_it import MarkdownIt

from .data import HELD_OUT, read_jsonl
from .mine import first_stage

Row = tuple[str, str, str]  # query, passage, page (sections of one page are kept on one side of the split)

LEAST, MOST = 15, 120  # words of a passage
GENERIC = 5  # a heading that this many pages share ("Installation", "License") asks nothing
DEV = 12  # one page in so many is held out
HEADINGS = re.compile(r"h[1-6]")
LEAVE_OUT = ["script", "style", "nav", "header", "footer", "aside", "template", "svg", "form"]
MAN_SECTION = re.compile(r'^\.SH\s+"?([^"\n]+)"?', re.MULTILINE)


def squeeze(text: str) -> str:
    return " ".join(text.split())


def prose(parts: list[str]) -> str:
    return re.sub(r" ([.,;:!?)])", r"\1", squeeze(" ".join(parts)))


def passage(text: str) -> str | None:
    """The first MOST words, to the end of a sentence where there is one; nothing when too short."""
    words = text.split()
    if len(words) < LEAST:
        return None
    cut = " ".join(words[:MOST])
    end = max(cut.rfind(mark) for mark in (". ", "? ", "! ")) if len(words) > MOST else -1
    return cut[: end + 1] if end > len(cut) // 2 else cut


def sections(html: str) -> Iterator[tuple[str, str]]:
    """(heading, text up to the next heading) of a page; a short heading gets the page's title before it."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(LEAVE_OUT):
        element.decompose()
    title = squeeze(soup.title.get_text() if soup.title else "")
    heading, parts = title, []
    for text in soup.find_all(string=lambda string: type(string) is NavigableString):  # no comments
        above = text.find_parent(HEADINGS)
        if above is None:
            if text.find_parent("title") is None:
                parts.append(str(text))
        elif next(above.strings) is text:
            yield heading, prose(parts)
            heading, parts = squeeze(above.get_text()).rstrip("¶#"), []
            title = title or heading
            if len(heading.split()) < 3 and heading != title:
                heading = f"{title} {heading}"
    yield heading, prose(parts)


def pages(folder: Path) -> Iterator[Row]:
    """Sections of the HTML and Markdown files under a folder."""
    markdown = MarkdownIt("gfm-like", {"linkify": False})
    for file in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".html", ".htm", ".md", ".markdown")):
        if not file.is_file():
            continue
        text = file.read_text("utf-8", errors="replace")
        for heading, section in sections(text if file.suffix.lower().startswith(".htm") else markdown.render(text)):
            yield heading, section, str(file)


def python_docs(_: Path | None = None) -> Iterator[Row]:
    """The standard library's docstrings: what a function does → its name and the rest."""
    library = Path(sysconfig.get_path("stdlib"))
    for file in sorted([*library.glob("*.py"), *library.glob("[a-z]*/*.py")]):
        if "test" in file.as_posix() or "site-packages" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and (text := ast.get_docstring(node)):
                synopsis, _, rest = text.partition("\n\n")
                yield squeeze(synopsis).rstrip("."), f"{file.stem}.{node.name}\n{squeeze(rest)}", str(file)


def man_pages(folder: Path) -> Iterator[Row]:
    """Manual pages: what the program is for → its description."""
    for file in sorted(folder.rglob("*.[1-8].gz")):
        if not file.is_file():
            continue
        _, *found = MAN_SECTION.split(gzip.open(file, "rt", errors="replace").read())
        text = {name.strip().upper(): plain_roff(body) for name, body in zip(found[::2], found[1::2])}
        name, dash, synopsis = text.get("NAME", "").partition(" - ")
        if dash:
            yield synopsis, f"{name}\n{text.get('DESCRIPTION', '')}", str(file)


def plain_roff(source: str) -> str:
    """Manual page source without its commonest markup."""
    lines = [line for line in source.split("\n") if not line.startswith((".\\\"", "'\\\"", ".TH", ".so", ".nf", ".fi"))]
    text = "\n".join(re.sub(r'^[.\'][A-Za-z]{1,2}\b\s?|"', "", line) for line in lines)
    text = re.sub(r"\\f(?:\[\w*\]|\(..|.)|\\s[-+]?\d|\\[&|^/,]", "", text)
    text = re.sub(r"\\\(em|\\\[em\]", "—", text)
    return squeeze(re.sub(r"\\\((?:aq|cq)", "'", text).replace("\\-", "-").replace("\\e", "\\"))


def packages(file: Path) -> Iterator[Row]:
    """Debian package descriptions (`/var/lib/dpkg/status` or a Translation-en list): synopsis → description."""
    for entry in file.read_text("utf-8", errors="replace").split("\n\n"):
        fields = dict(re.findall(r"^([A-Z][\w-]*): ?((?:.*)(?:\n .*)*)", entry, re.MULTILINE))
        text = fields.get("Description-en") or fields.get("Description", "")
        synopsis, _, rest = text.partition("\n")
        rest = "\n".join("" if line.strip() == "." else line for line in rest.split("\n"))
        yield squeeze(synopsis), squeeze(rest), fields.get("Package", synopsis)


def search_log(file: Path) -> Iterator[Row]:
    """A site's own searches: JSON Lines of {"query", "document"}, the text that the reader chose."""
    for row in read_jsonl(file):
        yield row["query"], row["document"], row["query"]


SOURCES = {
    "pages": pages, "python": python_docs, "man": man_pages, "packages": packages, "log": search_log,
}


def held_out(page: str) -> bool:
    return int(hashlib.sha256(page.encode()).hexdigest(), 16) % DEV == 0


def rows_of(found: Iterator[Row]) -> list[dict]:
    """Rows with a query that asks something and a passage that can answer; no text twice."""
    found = [(squeeze(query), text, page) for query, text, page in found]
    pages_with = Counter(query for query, page in {(query.lower(), page) for query, _, page in found})
    rows, seen = [], set()
    for query, text, page in found:
        text = passage(text)
        if text and len(query.split()) >= 2 and pages_with[query.lower()] < GENERIC and text not in seen:
            seen.add(text)
            rows.append({"query": query, "positive": text, "dev": held_out(page)})
    asked_in_dev = {row["query"].lower() for row in rows if row["dev"]}
    return [row for row in rows if row["dev"] or row["query"].lower() not in asked_in_dev]


def write_jsonl(file: Path, rows) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with (gzip.open if file.suffix == ".gz" else open)(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def collect(sources: list[tuple[str, str, Path | None]], out: Path) -> dict:
    """Write the data of `sources` (name, kind, place) to `out`; returns the counts. Places of the same name and kind are one source."""
    counts, dev, corpus, queries, candidates, judged = {}, [], [], [], [], []
    places: dict[tuple[str, str], list[Path | None]] = {}
    for name, kind, place in sources:
        places.setdefault((name, kind), []).append(place)
    for (name, kind), own in places.items():
        rows = rows_of(row for place in own for row in SOURCES[kind](place))
        train = [row for row in rows if not row["dev"]]
        ask = [row for row in rows if row["dev"]]
        counts[name] = {"train": len(train), "dev": len(ask)}
        label = f"{name}#{'question' if kind == 'log' else 'heading'}"
        write_jsonl(out / "train" / f"{name}.jsonl.gz", (
            {"query": row["query"], "positive": row["positive"], "negatives": [], "source": label} for row in train))
        texts = [row["positive"] for row in rows]
        corpus += ({"_id": f"{name}-{i}", "text": text} for i, text in enumerate(texts))
        place_of = {text: i for i, text in enumerate(texts)}
        for row, found in zip(ask, first_stage(texts, [row["query"] for row in ask])):
            qid = f"{name}-{len(queries)}"
            queries.append({"_id": qid, "text": row["query"]})
            candidates.append({"qid": qid, "docs": [f"{name}-{i}" for i in found]})
            judged.append(f"{qid}\t{name}-{place_of[row['positive']]}\t1")
            negatives = [texts[i] for i in found if texts[i] != row["positive"]][:4]
            dev.append({"query": row["query"], "positive": row["positive"], "negatives": negatives, "source": label})
    write_jsonl(out / "dev" / "dev.jsonl.gz", dev)
    folder = out / "eval" / HELD_OUT
    write_jsonl(folder / "corpus.jsonl", corpus)
    write_jsonl(folder / "queries.jsonl", queries)
    write_jsonl(folder / "candidates.jsonl", candidates)
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n")
    return counts
