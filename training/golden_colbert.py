"""Reference files for the TypeScript tests' ColBERT models, from the real PyLate (`requirements-pylate.txt`, an environment of its own).

Tiny models with random weights in the three forms that hub folders have:

colbert-bert        Stanford's: config.json says HF_ColBERT, artifact.metadata the markers and lengths, model.safetensors holds the
                    projection; queries are filled up with [MASK]. Its graph ends before the projection.
colbert-modernbert  PyLate's: modules.json, two dense layers, one of them with a residual and an activation, config_sentence_transformers.json,
                    texts in lower case, queries as long as they are. Its graph ends before the projection too.
colbert-onnx        the second one as pylate-onnx-export writes it: model.onnx with everything in it, tokenizer.json and onnx_config.json.

Each has the token embeddings of some texts, as half floats one after the other, and the scores of all pairs.
"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .data import ROOT
from .pairs import AWKWARD, PLAIN, long_text, natural
from .tiny import make_bert, make_modernbert

REFERENCE = ROOT / "test" / "reference"
OPSET = 17
EMBEDDED = 6  # every so many texts have their embeddings kept
SURROGATES = range(0xD800, 0xE000)
EAGER = {"attn_implementation": "eager"}  # what can be exported without loss


def colbert_pairs() -> list[tuple[str, str]]:
    """Awkward text on either side, plain and long text. Surrogates are what another test is about.

    No text has the name of one of Stanford's markers: PyLate takes it for the marker, a document's author need not.
    """
    awkward = [text for text in AWKWARD if not any(ord(char) in SURROGATES for char in text)]
    pairs = list(zip(awkward, awkward[1:] + awkward[:1])) + natural()
    pairs += [(PLAIN[i], PLAIN[-1 - i]) for i in range(len(PLAIN))]
    pairs += [(long_text(words, words), long_text(other, other + 1)) for words in (5, 30, 200) for other in (61, 90, 400)]
    return pairs + [("[Q] and [D] ", "a [Q] b[D] c"), ("MiXeD CaSe ΣΊΣΥΦΟΣ", "İstanbul MIXED case")]


def golden_colbert() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        stanford(Path(temporary) / "bert")
        pylate(Path(temporary) / "modernbert")


# -- Stanford's form -----------------------------------------------------------------------


def stanford(work: Path) -> None:
    from pylate import models
    from safetensors.torch import save_file

    name = "colbert-bert"
    work.mkdir()
    torch.manual_seed(5)
    tokenizer, classifier = make_bert(work, vocab_size=2000, hidden_size=32, intermediate_size=64, markers=["[unused0]", "[unused1]"])
    encoder = classifier.bert.eval()
    linear = nn.Linear(32, 128, bias=False)
    nn.init.normal_(linear.weight, std=0.3)
    config = encoder.config.to_dict() | {"architectures": ["HF_ColBERT"]}
    write_json(work / "config.json", {key: value for key, value in config.items() if key not in ("dtype", "torch_dtype", "_name_or_path")})
    tokenizer.save_pretrained(work)
    weights = {f"bert.{key}": value for key, value in encoder.state_dict().items()} | {"linear.weight": linear.weight.detach()}
    save_file({key: value.contiguous() for key, value in weights.items()}, work / "model.safetensors", metadata={"format": "pt"})
    write_json(work / "artifact.metadata", {
        "query_token_id": "[unused0]", "doc_token_id": "[unused1]", "query_token": "[Q]", "doc_token": "[D]", "query_maxlen": 32,
        "doc_maxlen": 64, "dim": 128, "mask_punctuation": True, "attend_to_mask_tokens": False, "similarity": "cosine", "interaction": "colbert",
    })
    model = models.ColBERT(str(work), device="cpu", model_kwargs=EAGER)
    folder = fresh(name, work, ["config.json", "tokenizer.json", "tokenizer_config.json", "artifact.metadata", "model.safetensors"])
    # The graph needs the weights; a model's folder, the projection alone.
    save_file({"linear.weight": linear.weight.detach().contiguous()}, folder / "model.safetensors", metadata={"format": "pt"})
    export(model, folder / "onnx" / "model.onnx", projected=False)
    write_golden(name, model)


# -- PyLate's form --------------------------------------------------------------------------


def pylate(work: Path) -> None:
    from pylate import models
    from sentence_transformers.models import Transformer

    name = "colbert-modernbert"
    base = work / "base"
    base.mkdir(parents=True)
    torch.manual_seed(6)
    tokenizer, classifier = make_modernbert(base)
    classifier.model.save_pretrained(base)
    tokenizer.save_pretrained(base)
    first = models.Dense(32, 64, bias=True, activation_function=nn.GELU(), use_residual=True)
    second = models.Dense(64, 24, bias=False)
    for layer in (first.linear, first.residual, second.linear):
        nn.init.normal_(layer.weight, std=0.3)
    transformer = Transformer(str(base), do_lower_case=True, max_seq_length=63)
    made = models.ColBERT(
        modules=[transformer, first, second], device="cpu", query_length=24, document_length=64, do_query_expansion=False,
        skiplist_words=list(",.;:!?-()\"'"),
    )
    saved = work / "saved"
    made.save(str(saved), create_model_card=False)
    # As everybody else gets it: read from its files.
    model = models.ColBERT(str(saved), device="cpu", model_kwargs=EAGER)
    small = ["config.json", "tokenizer.json", "tokenizer_config.json", "config_sentence_transformers.json", "modules.json",
             "sentence_bert_config.json"]
    dense = [f"{part}/{file}" for part in ("1_Dense", "2_Dense") for file in ("config.json", "model.safetensors")]
    folder = fresh(name, saved, small + dense)
    export(model, folder / "onnx" / "model.onnx", projected=False)
    write_golden(name, model)

    exported = fresh("colbert-onnx", saved, ["tokenizer.json"])
    write_json(exported / "onnx_config.json", {
        "model_type": "ColBERT", "model_name": name, "model_class": "ModernBertModel", "uses_token_type_ids": False,
        "query_prefix": model.query_prefix, "document_prefix": model.document_prefix, "query_length": model.query_length,
        "document_length": model.document_length, "do_query_expansion": model.do_query_expansion,
        "attend_to_expansion_tokens": model.attend_to_expansion_tokens, "skiplist_words": model.skiplist_words, "embedding_dim": 24,
        "mask_token_id": model.tokenizer.mask_token_id, "pad_token_id": model.tokenizer.pad_token_id, "query_prefix_id": model.query_prefix_id,
        "document_prefix_id": model.document_prefix_id, "do_lower_case": True,
    })
    export(model, exported / "model.onnx", projected=True)


# -- what they share ------------------------------------------------------------------------


class Exported(nn.Module):
    def __init__(self, model, projected: bool):
        super().__init__()
        self.encoder = model[0].auto_model
        self.layers = nn.ModuleList([model[i] for i in range(1, len(model))] if projected else [])

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        for layer in self.layers:
            states = layer({"token_embeddings": states})["token_embeddings"]
        return nn.functional.normalize(states, p=2, dim=-1) if self.layers else states


def export(model, file: Path, projected: bool) -> None:
    """`input_ids`, `attention_mask` → the encoder's states, or what the projection makes of them at length 1."""
    file.parent.mkdir(exist_ok=True)
    output = "output" if projected else "last_hidden_state"
    features = model.tokenize(["an example of a query"], is_query=True)
    names = ["input_ids", "attention_mask"]
    with torch.no_grad():
        torch.onnx.export(
            Exported(model, projected).eval(), tuple(features[name] for name in names), str(file), input_names=names, output_names=[output],
            dynamic_axes={name: {0: "batch", 1: "sequence"} for name in (*names, output)}, opset_version=OPSET, dynamo=False,
        )


def write_golden(name: str, model) -> None:
    import pylate
    import sentence_transformers
    import transformers
    from pylate import scores

    pairs = colbert_pairs()
    # One by one: a batch is padded, and scores move by rounding.
    asked = [model.encode([query], is_query=True)[0] for query, _ in pairs]
    told = [model.encode([document], is_query=False)[0] for _, document in pairs]
    values = [float(scores.colbert_scores(torch.from_numpy(q[None]), torch.from_numpy(d[None]))[0, 0]) for q, d in zip(asked, told)]
    kept = [embeddings for i in range(0, len(pairs), EMBEDDED) for embeddings in (asked[i], told[i])]
    folder = REFERENCE / name
    (folder / "embeddings.bin").write_bytes(b"".join(one.astype(np.float16).tobytes() for one in kept))
    cases = [
        {"query": query, "document": document, "queryTokens": len(q), "documentTokens": len(d), "score": round(value, 6)}
        for (query, document), q, d, value in zip(pairs, asked, told, values)
    ]
    made_with = {"pylate": pylate.__version__, "sentence-transformers": sentence_transformers.__version__,
                 "transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = json.dumps({"model": name, "made_with": made_with, "embedded": EMBEDDED})[:-1]
    (folder / "golden.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n')
    spread = np.array(values)
    print(f"{name}: {len(cases)} pairs, scores {spread.min():.2f} to {spread.max():.2f}, std {spread.std():.2f}")


def fresh(name: str, work: Path, files: list[str]) -> Path:
    folder = REFERENCE / name
    shutil.rmtree(folder, ignore_errors=True)
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(work / file, folder / file)
    return folder


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")
