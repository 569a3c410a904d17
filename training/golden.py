"""Reference files for the TypeScript tests, from the real FlagEmbedding and transformers.

Two tiny models with random weights but real configuration classes and tokenizers:
BertForSequenceClassification with WordPiece, XLMRobertaForSequenceClassification with a
SentencePiece Unigram model. For both, token ids and logits of the same pairs by the two ways
the field encodes a pair:

flag  FlagReranker.compute_score: query and passage tokenised apart, joined with only_second;
      the ids are those its model really received (a hook on forward).
pair  AutoTokenizer(query, document, truncation=True, padding=True): longest_first.

Needs requirements-golden.txt (transformers 4): there FlagReranker joins the pair by ids, which is
its definition; under transformers 5 it decodes the ids and tokenises the text again, which is not
always the same (`--compare` counts how often).

The others hold the bundled models' logits: PyTorch fp32 and ONNX Runtime on the quantized files.
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
from .hub import HUBS, MAX_LENGTH, Hub
from .model import load
from .pairs import AWKWARD, PLAIN, long_text, natural
from .score import OnnxScorer, torch_logits
from .text import PairEncoder

REFERENCE = ROOT / "test" / "reference"
OPSET = 17
FLAG_LENGTHS = [(512, None), (64, None), (32, None), (17, None), (128, 20), (24, 8), (48, 40), (16, 10)]
PAIR_LENGTHS = [512, 64, 33, 32, 17, 16, 128, 25]


def golden(only: str | None, compare: bool) -> None:
    for name, hub in HUBS.items():
        if only in (None, name) and hub.folder.exists() and not compare:
            bundled(hub)
    for kind in ("bert", "xlm-roberta"):
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
    import onnxruntime
    import tokenizers

    write(hub.name, {
        "torch": torch.__version__.split("+")[0], "tokenizers": tokenizers.__version__,
        "onnxruntime": onnxruntime.__version__,
    }, cases)


def write(name: str, made_with: dict, cases: list[dict]) -> None:
    """One case a line; ASCII only, so that lone surrogates survive as escapes."""
    folder = REFERENCE / name
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = json.dumps({"model": name, "made_with": made_with})[:-1]
    (folder / "golden.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n')
    print(f"{name}: {len(cases)} cases, {(folder / 'golden.json').stat().st_size:,} bytes")


# -- the tiny models --------------------------------------------------------------------


def corpus() -> list[str]:
    """Multilingual text from installed packages: Babel's locale data, the standard library's docs."""
    import pydoc

    from babel import Locale

    lines = []
    for name in ("ar", "bn", "cs", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko",
                 "nl", "pl", "pt", "ru", "sv", "ta", "th", "tr", "uk", "vi", "zh_Hans", "zh_Hant"):
        locale = Locale.parse(name)
        for table in (locale.territories, locale.languages, locale.scripts, locale.currencies,
                      locale.months["format"]["wide"], locale.days["format"]["wide"]):
            lines += [str(text) for text in table.values()]
    for module in ("json", "csv", "pathlib", "email", "http.client", "argparse", "random", "datetime", "logging"):
        lines += [line.strip(" |") for line in pydoc.plain(pydoc.render_doc(module)).splitlines()]
    return [line for line in lines if line.strip()] + PLAIN * 20


def make_bert(folder: Path):
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    trainer = BertWordPieceTokenizer(lowercase=True)
    trainer.train_from_iterator(corpus(), vocab_size=2600, min_frequency=2, limit_alphabet=900, show_progress=False)
    trainer.save_model(str(folder))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True, model_max_length=512)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=512, num_labels=1, initializer_range=0.3, attn_implementation="eager",
    )
    return tokenizer, BertForSequenceClassification(config)


def make_xlm_roberta(folder: Path):
    import sentencepiece
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification, XLMRobertaTokenizerFast

    text = folder / "corpus.txt"
    text.write_text("\n".join(corpus()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "sentencepiece.bpe"), vocab_size=3000, model_type="unigram",
        character_coverage=0.999, normalization_rule_name="nmt_nfkc", hard_vocab_limit=False,
        minloglevel=2, num_threads=1,
    )
    tokenizer = XLMRobertaTokenizerFast(str(folder / "sentencepiece.bpe.model"), model_max_length=512)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=514, type_vocab_size=1, num_labels=1, initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=0, eos_token_id=2, attn_implementation="eager",
    )
    return tokenizer, XLMRobertaForSequenceClassification(config)


def base_pairs() -> list[tuple[str, str]]:
    """The pairs every case is made from: plain text in many languages, awkward text, long text."""
    chance = random.Random(11)
    pairs = [(a, b) for a, b in zip(AWKWARD, AWKWARD[1:] + AWKWARD[:1])]
    pairs += [(a, chance.choice(PLAIN)) for a in AWKWARD]
    pairs += [(chance.choice(PLAIN), a) for a in AWKWARD]
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
    import FlagEmbedding
    import transformers
    from importlib.metadata import version

    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tokenizer, model = (make_bert if kind == "bert" else make_xlm_roberta)(folder)
        model.eval()
        hub = WORK / "reference" / kind  # save_pretrained's folder, weights included
        shutil.rmtree(hub, ignore_errors=True)
        model.save_pretrained(hub)
        tokenizer.save_pretrained(hub)
    cases = flag_cases(hub) + pair_cases(hub)

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


def flag_cases(hub: Path, failures: bool = False) -> list[dict]:
    """With `failures`, a pair that FlagReranker cannot encode is a case without ids."""
    from FlagEmbedding import FlagReranker

    reranker = FlagReranker(str(hub), use_fp16=False, devices="cpu")
    received = []
    reranker.model.register_forward_pre_hook(lambda m, a, kwargs: received.append(kwargs), with_kwargs=True)
    cases = []
    for i, (query, document) in enumerate(base_pairs()):
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


def pair_cases(hub: Path) -> list[dict]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(hub)
    model = AutoModelForSequenceClassification.from_pretrained(hub).eval()
    pairs, cases = base_pairs(), []
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


def case(query, document, mode, max_length, ids, types, logit) -> dict:
    value = {"query": query, "document": document, "mode": mode, "maxLength": max_length, "inputIds": ids.tolist()}
    if types is not None:
        value["tokenTypeIds"] = types[0].tolist()
    return value | {"logit": float(logit)}


def export_tiny(model, cases: list[dict], file: Path) -> float:
    """ONNX file of a tiny model; returns its largest logit difference over all cases."""
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if "tokenTypeIds" in cases[0] else [])

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, *inputs):
            return self.model(**dict(zip(names, inputs))).logits

    def inputs_of(value: dict):
        ids = torch.tensor([value["inputIds"]])
        types = [torch.tensor([value["tokenTypeIds"]])] if "tokenTypeIds" in value else []
        return (ids, torch.ones_like(ids), *types)

    torch.onnx.export(
        Plain(), inputs_of(cases[-1]), str(file), input_names=names, output_names=["logits"],
        dynamic_axes={n: {0: "batch", 1: "sequence"} for n in names} | {"logits": {0: "batch"}},
        opset_version=OPSET, dynamo=False,
    )
    session = OnnxScorer(file).session
    worst = 0.0
    for value in cases:
        feed = {n: t.numpy() for n, t in zip(names, inputs_of(value))}
        worst = max(worst, abs(float(session.run(["logits"], feed)[0][0, 0]) - value["logit"]))
    if worst > 1e-4:
        raise SystemExit(f"{file.parent.parent.name}: the ONNX file disagrees with PyTorch by {worst}")
    return worst


def compare_versions(kind: str) -> None:
    """How many committed cases the installed versions encode otherwise."""
    import transformers

    theirs = json.loads((REFERENCE / kind / "golden.json").read_text())["cases"]
    hub = WORK / "reference" / kind
    ours = flag_cases(hub, failures=True) + pair_cases(hub)
    for mode in ("flag", "pair"):
        both = [(a, b) for a, b in zip(theirs, ours) if a["mode"] == mode]
        differ = sum(a["inputIds"] != b["inputIds"] for a, b in both)
        failed = sum(b["inputIds"] is None for _, b in both)
        print(f"{kind} {mode}: of {len(both)} cases {differ} differ under transformers {transformers.__version__}, {failed} of them fail there")
