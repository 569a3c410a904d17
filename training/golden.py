"""Reference files for the TypeScript tests, from the real FlagEmbedding and transformers.

For each tiny model of tiny.py, token ids and logits of the same pairs by the ways the field
encodes a pair:

flag    FlagReranker.compute_score: query and passage tokenised apart, joined with only_second;
        the ids are those its model really received (a hook on forward).
pair    AutoTokenizer(query, document, truncation=True, padding=True): longest_first.
prompt  the code of Qwen3-Reranker's model card, in the place of both: one text, cut at its end.

Needs requirements-golden.txt (transformers 4): there FlagReranker joins the pair by ids, which is
its definition; under transformers 5 it decodes the ids and tokenises the text again, which is not
always the same (`--compare` counts how often).

The others hold the bundled models' logits (PyTorch fp32 and ONNX Runtime on the quantized files), those of a tiny
late-interaction model, and the vectors of late interaction's codes.
"""

import json
import random
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch

from .data import ROOT
from .golden_codes import golden_codes
from .hub import HUBS, MAX_LENGTH, WORK, Hub
from .late import QUERY_LENGTH, LateInteraction
from .late import load as load_late
from .late_hub import OnnxEncoder
from .model import load
from .pairs import AWKWARD, PLAIN, long_text, natural
from .score import OnnxScorer, torch_logits
from .text import PairEncoder
from .tiny import MAKERS
from .tiny_late import LATE_HUB, tiny_late

REFERENCE = ROOT / "test" / "reference"
FLAG_LENGTHS = [(512, None), (64, None), (32, None), (17, None), (128, 20), (24, 8), (48, 40), (16, 10)]
PAIR_LENGTHS = [512, 64, 33, 32, 17, 16, 128, 25]


def golden(only: str | None, compare: bool) -> None:
    for name, hub in HUBS.items():
        if only in (None, name) and hub.folder.exists() and not compare:
            late = json.loads((hub.folder / "page-rerank.json").read_text()).get("kind") == "late-interaction"
            late_cases(load_late(hub.work / "late.pt"), hub, natural(hub.languages)) if late else bundled(hub)
    if only == "colbert":
        from .golden_colbert import golden_colbert

        golden_colbert()
    if only in (None, "codes") and not compare:
        golden_codes()
    if only in (None, LATE_HUB.name) and not compare:
        late_cases(tiny_late(), LATE_HUB, natural() + base_pairs("late"))
    for kind in MAKERS:
        if only in (None, kind):
            compare_versions(kind) if compare else tiny(kind)


# -- the bundled models -----------------------------------------------------------------


def bundled(hub: Hub) -> None:
    model = load(hub.work / "calibrated.pt")
    pairs = natural()
    encoded = PairEncoder(MAX_LENGTH, model.kept_ids)(pairs)
    logits = torch_logits(model, encoded, batch=1)
    quantized = {dtype: OnnxScorer(hub.folder / file)(encoded) for dtype, file in hub.files.items()}
    cases = [
        {
            "query": query, "document": document, "mode": "pair", "maxLength": MAX_LENGTH,
            "inputIds": ids.tolist(), "tokenTypeIds": types.tolist(), "logit": round(float(logits[i]), 6),
            **{dtype: round(float(values[i]), 6) for dtype, values in quantized.items()},
        }
        for i, ((query, document), (ids, types)) in enumerate(zip(pairs, encoded))
    ]
    write(hub.name, made_with(), cases)


def late_cases(late: LateInteraction, hub: Hub, pairs: list[tuple[str, str]]) -> None:
    """Both texts' ids and the logits of a late-interaction model, through all bits of its codes."""
    pairs_seen = [tuple(map(well_formed, pair)) for pair in pairs]
    ids = [late.texts(side, length) for side, length in zip(zip(*pairs_seen), (QUERY_LENGTH, late.document_length))]
    exact = late.logits(pairs_seen)
    encoders = {dtype: OnnxEncoder(hub.folder / file) for dtype, file in hub.files.items()}
    cases = [
        {
            "query": query, "document": document, "queryIds": asked.tolist(), "documentIds": told.tolist(), "logit": round(float(logit), 6),
            **{
                dtype: round(late.logit(late.ask_embedded(*encoder([asked]), asked), late.keep_embedded(*encoder([told]))), 6)
                for dtype, encoder in encoders.items()
            },
        }
        for (query, document), asked, told, logit in zip(pairs, *ids, exact)
    ]
    write(hub.name, made_with(), cases)


def made_with() -> dict:
    import onnxruntime
    import tokenizers

    return {
        "torch": torch.__version__.split("+")[0], "tokenizers": tokenizers.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def write(name: str, made_with: dict, cases: list[dict]) -> None:
    """One case a line; ASCII only, so that lone surrogates survive as escapes."""
    folder = REFERENCE / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = json.dumps({"model": name, "made_with": made_with})[:-1]
    (folder / "golden.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n')
    print(f"{name}: {len(cases)} cases, {(folder / 'golden.json').stat().st_size:,} bytes")


# -- the tiny models --------------------------------------------------------------------


# White space to Unicode, to JavaScript, or to neither; and tokens that take the space beside them along.
SPACES = [
    "a \ufeffb\ufeff c", "\ufeff leads", "next\x85line \x85 and \x85", "\x85", "a\u2028 b \u2029c", "no\u00a0break \u00a0 space", "a \u180e b",
    "ends in spaces   ", "   starts with spaces", "twenty" + " " * 26 + "six", "tab\t\t and  spaces \n\n\n x", "a <mask> b", "a [MASK]  b",
    "1234567 12,34", "it's I'LL we'd they'VE", "don’t", "<|im_start|>user yes<|im_end|>", "<think> no </think>", "|||EMAIL_ADDRESS|||",
]


def base_pairs(kind: str) -> list[tuple[str, str]]:
    """The pairs every case is made from: plain text in many languages, awkward text, long text.

    The first two models see every awkward text on either side of two others; the rest once on either side.
    """
    chance = random.Random(11)
    pairs = [(a, b) for a, b in zip(AWKWARD, AWKWARD[1:] + AWKWARD[:1])]
    if kind in ("bert", "xlm-roberta"):
        pairs += [(a, chance.choice(PLAIN)) for a in AWKWARD]
        pairs += [(chance.choice(PLAIN), a) for a in AWKWARD]
    else:
        pairs += zip(SPACES, SPACES[1:] + SPACES[:1])
    pairs += [tuple(chance.sample(PLAIN, 2)) for _ in range(40)]
    for words in (60, 61, 200, 2000):
        for other in (61, 90, 2000):
            pairs.append((long_text(words, words), long_text(other, other + 1)))
        pairs.append((chance.choice(PLAIN), long_text(words, words + 2)))
        pairs.append((long_text(words, words + 3), chance.choice(PLAIN)))
    return pairs


def well_formed(text: str) -> str:
    """Lone surrogates become U+FFFD, as JavaScript's toWellFormed does."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def tiny(kind: str) -> None:
    import transformers
    from importlib.metadata import version

    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tokenizer, model = MAKERS[kind](folder)
        model.eval()
        hub = WORK / "reference" / kind  # save_pretrained's folder, weights included
        shutil.rmtree(hub, ignore_errors=True)
        model.save_pretrained(hub)
        tokenizer.save_pretrained(hub)
    cases = cases_of(kind, hub)

    target = REFERENCE / kind
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(hub / name, target / name)
    worst = export_tiny(model, cases, target / "onnx" / "model.onnx")
    logits = np.array([case["logit"] for case in cases])
    print(f"{kind}: ONNX against PyTorch {worst:.1e}, logits {logits.min():.2f} to {logits.max():.2f}, std {logits.std():.2f}")
    write(kind, {
        "transformers": transformers.__version__, "FlagEmbedding": version("FlagEmbedding"),
        "torch": torch.__version__.split("+")[0], "tokenizers": version("tokenizers"),
    }, cases)


def cases_of(kind: str, hub: Path, failures: bool = False) -> list[dict]:
    """With `failures`, a pair that FlagReranker cannot encode is a case without ids."""
    pairs = base_pairs(kind)
    if kind == "qwen3":
        return prompt_cases(hub, pairs)
    return flag_cases(hub, pairs, failures) + pair_cases(hub, pairs)


def flag_cases(hub: Path, pairs: list[tuple[str, str]], failures: bool) -> list[dict]:
    from FlagEmbedding import FlagReranker

    reranker = FlagReranker(str(hub), use_fp16=False, devices="cpu")
    if type(reranker.tokenizer).__name__ == "PreTrainedTokenizerFast":
        # A tokenizer without a class of its own joins ids without special tokens; its pair call has them.
        reranker.tokenizer.build_inputs_with_special_tokens = join_with_separators(reranker.tokenizer)
    received = []
    reranker.model.register_forward_pre_hook(lambda m, a, kwargs: received.append(kwargs), with_kwargs=True)
    cases = []
    for i, (query, document) in enumerate(pairs):
        max_length, query_max_length = FLAG_LENGTHS[i % len(FLAG_LENGTHS)]
        lengths = {"max_length": max_length, "query_max_length": query_max_length}
        pair = [(well_formed(query), well_formed(document))]
        try:
            logit = reranker.compute_score(pair, normalize=False, **lengths)[0]
        except Exception:
            if not failures:
                raise
            cases.append({"mode": "flag", "inputIds": None})
            continue
        inputs = received[-1]
        score = reranker.compute_score(pair, normalize=True, **lengths)[0]
        cases.append(case(query, document, "flag", max_length, inputs["input_ids"][0], inputs.get("token_type_ids"), logit)
                     | {"queryMaxLength": query_max_length or max_length * 3 // 4, "score": float(score)})
    return cases


def join_with_separators(tokenizer):
    cls, sep = [tokenizer.cls_token_id], [tokenizer.sep_token_id]
    # Called without ids too: transformers counts the special tokens that way.
    return lambda a, b=None: cls + list(a) + sep + (list(b) + sep if b is not None else [])


def pair_cases(hub: Path, pairs: list[tuple[str, str]]) -> list[dict]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(hub)
    model = AutoModelForSequenceClassification.from_pretrained(hub).eval()
    cases = []
    for k, max_length in enumerate(PAIR_LENGTHS):
        chosen = pairs[k :: len(PAIR_LENGTHS)]
        for at in range(0, len(chosen), 8):
            part = chosen[at : at + 8]
            inputs = tokenizer(
                [well_formed(q) for q, _ in part], [well_formed(d) for _, d in part],
                padding=True, truncation=True, max_length=max_length, return_tensors="pt",
            )
            with torch.no_grad():
                logits = model(**inputs).logits[:, 0]
            for row, (query, document) in enumerate(part):
                keep = inputs["attention_mask"][row].bool()
                types = inputs["token_type_ids"][row : row + 1, keep] if "token_type_ids" in inputs else None
                cases.append(case(query, document, "pair", max_length, inputs["input_ids"][row][keep], types, logits[row]))
    return cases


# Qwen3-Reranker's model card.
INSTRUCTION = "Given a web search query, retrieve relevant passages that answer the query"
PREFIX = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. "
    'Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
SUFFIX = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
PROMPT_LENGTHS = [512, 256, 200, 192, 1024]


def prompt_cases(hub: Path, pairs: list[tuple[str, str]]) -> list[dict]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(hub, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(hub).eval()
    yes, no = tokenizer.convert_tokens_to_ids("yes"), tokenizer.convert_tokens_to_ids("no")
    prefix = tokenizer.encode(PREFIX, add_special_tokens=False)
    suffix = tokenizer.encode(SUFFIX, add_special_tokens=False)
    cases = []
    for k, max_length in enumerate(PROMPT_LENGTHS):
        chosen = pairs[k :: len(PROMPT_LENGTHS)]
        for at in range(0, len(chosen), 8):
            part = chosen[at : at + 8]
            texts = [
                f"<Instruct>: {INSTRUCTION}\n<Query>: {well_formed(q)}\n<Document>: {well_formed(d)}" for q, d in part
            ]
            bodies = tokenizer(
                texts, padding=False, truncation="longest_first", return_attention_mask=False,
                max_length=max_length - len(prefix) - len(suffix),
            )["input_ids"]
            inputs = tokenizer.pad({"input_ids": [prefix + ids + suffix for ids in bodies]}, padding=True, return_tensors="pt")
            with torch.no_grad():
                last = model(**inputs).logits[:, -1, :]
            scores = torch.nn.functional.log_softmax(torch.stack([last[:, no], last[:, yes]], dim=1), dim=1)[:, 1].exp()
            for row, (query, document) in enumerate(part):
                ids = inputs["input_ids"][row][inputs["attention_mask"][row].bool()]
                logit = last[row, yes] - last[row, no]
                cases.append(case(query, document, "prompt", max_length, ids, None, logit) | {"score": float(scores[row])})
    return cases


def case(query, document, mode, max_length, ids, types, logit) -> dict:
    value = {"query": query, "document": document, "mode": mode, "maxLength": max_length, "inputIds": ids.tolist()}
    if types is not None:
        value["tokenTypeIds"] = types[0].tolist()
    return value | {"logit": float(logit)}


def export_tiny(model, cases: list[dict], file: Path) -> float:
    """ONNX file of a tiny model; returns its largest logit difference over all cases."""
    from .tiny_onnx import export_decoder, export_encoder

    export = export_decoder if cases[0]["mode"] == "prompt" else export_encoder
    logit_of = export(model, cases, file)
    worst = max(abs(logit_of(value) - value["logit"]) for value in cases)
    if worst > 1e-4:
        raise SystemExit(f"{file.parent.parent.name}: the ONNX file disagrees with PyTorch by {worst}")
    return worst


def compare_versions(kind: str) -> None:
    """How many committed cases the installed versions encode otherwise."""
    import transformers

    theirs = json.loads((REFERENCE / kind / "golden.json").read_text())["cases"]
    hub = WORK / "reference" / kind
    ours = cases_of(kind, hub, failures=True)
    for mode in dict.fromkeys(value["mode"] for value in theirs):
        both = [(a, b) for a, b in zip(theirs, ours) if a["mode"] == mode]
        differ = sum(a["inputIds"] != b["inputIds"] for a, b in both)
        failed = sum(b["inputIds"] is None for _, b in both)
        print(f"{kind} {mode}: of {len(both)} cases {differ} differ under transformers {transformers.__version__}, {failed} of them fail there")
