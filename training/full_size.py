"""A reranker as large as bge-reranker-v2-m3, with random weights: for trying downloads, memory and load times.

Its configuration is that model's (24 layers, 1024 wide, 250,002 tokens), its tokenizer.json of that kind
and size, its files those of the hub: int8 as other projects publish it, and q4 with 4-bit word embeddings.
The scores mean nothing.
"""

import gc
import json
import logging
import random
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

VOCABULARY = 250_002
WORDS = "roberta.embeddings.word_embeddings.weight"
BLOCK = 32  # weights per 4-bit scale
ROWS = 10_000  # of the word embeddings, quantized at a time
OPSET = 17


def full_size(out: Path) -> None:
    from transformers import XLMRobertaConfig

    (out / "onnx").mkdir(parents=True, exist_ok=True)
    write_tokenizer(out)
    config = XLMRobertaConfig(
        vocab_size=VOCABULARY, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
        max_position_embeddings=8194, type_vocab_size=1, layer_norm_eps=1e-5, num_labels=1, initializer_range=0.05,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, architectures=["XLMRobertaForSequenceClassification"],
        attn_implementation="eager",
    )
    config.save_pretrained(out)
    with tempfile.TemporaryDirectory(dir=out) as temporary:
        source = Path(temporary) / "model.onnx"
        export(config, source)
        gc.collect()  # one copy of the weights at a time: from here on they are on disk
        int8(source, out / "onnx" / "model_int8.onnx")
        gc.collect()
        q4(source, out / "onnx" / "model_q4.onnx")
    for file in sorted(out.rglob("*")):
        if file.is_file():
            print(f"{file.relative_to(out)}: {file.stat().st_size:,} bytes")


def write_tokenizer(out: Path) -> None:
    """The small XLM-RoBERTa tokenizer with its vocabulary filled up to full size."""
    from tokenizers import Tokenizer, pre_tokenizers

    from .tiny import make_xlm_roberta

    with tempfile.TemporaryDirectory() as folder:
        small, _ = make_xlm_roberta(Path(folder))
    small.model_max_length = 8192
    small.save_pretrained(out)
    file = out / "tokenizer.json"
    data = json.loads(file.read_text())
    vocabulary = data["model"]["vocab"]
    mask = vocabulary.pop()
    vocabulary += more_pieces(vocabulary, VOCABULARY - 1 - len(vocabulary))
    vocabulary.append(mask)
    for token in data["added_tokens"]:
        if token["content"] == mask[0]:
            token["id"] = VOCABULARY - 1
    tokenizer = Tokenizer.from_str(json.dumps(data))
    # As bge-reranker-v2-m3's own file has them.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.save(str(file))


def more_pieces(pieces: list, count: int) -> list:
    """New pieces of two to four old ones, less likely than any of those."""
    chance = random.Random(7)
    old = [piece for piece, _ in pieces[4:]]
    seen = {piece for piece, _ in pieces}
    lowest = min(score for _, score in pieces)
    new = []
    while len(new) < count:
        first, *rest = chance.choices(old, k=chance.choice((2, 2, 3, 4)))
        piece = first + "".join(part.lstrip("▁") for part in rest)
        if piece not in seen and len(piece) <= 16:
            seen.add(piece)
            new.append([piece, lowest - 3 * chance.random()])
    return new


def export(config, target: Path) -> None:
    from transformers import XLMRobertaForSequenceClassification

    torch.manual_seed(0)
    model = XLMRobertaForSequenceClassification(config).eval()

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.roberta, self.classifier = model.roberta, model.classifier

        def forward(self, input_ids, attention_mask):
            return self.classifier(self.roberta(input_ids, attention_mask)[0])

    ids = torch.tensor([[0, 5, 6, 2, 2, 7, 2]])
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        Plain(), (ids, torch.ones_like(ids)), str(target), input_names=names, output_names=["logits"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in names} | {"logits": {0: "batch"}},
        opset_version=OPSET, dynamo=False,
    )


def int8(source: Path, target: Path) -> None:
    """int8 weights per output channel, int8 word embeddings; activations quantized as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        source, target, op_types_to_quantize=["MatMul", "Gather"], per_channel=True,
        weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True},
    )


def q4(source: Path, target: Path) -> None:
    """4-bit weights (MatMulNBits) and 4-bit word embeddings (GatherBlockQuantized)."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    model = onnx.load(source)
    graph = model.graph
    table = next(i for i in graph.initializer if i.name == WORDS)
    lookup = next(n for n in graph.node if n.op_type == "Gather" and n.input[0] == WORDS)
    packed, scales = four_bits(numpy_helper.to_array(table))
    graph.initializer.remove(table)
    graph.initializer.extend([numpy_helper.from_array(packed, "words4"), numpy_helper.from_array(scales, "words4_scales")])
    lookup.CopyFrom(helper.make_node(
        "GatherBlockQuantized", ["words4", lookup.input[1], "words4_scales"], list(lookup.output), lookup.name,
        domain="com.microsoft", bits=4, block_size=BLOCK, gather_axis=0, quantize_axis=1,
    ))
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)
    quantizer = MatMulNBitsQuantizer(model, bits=4, block_size=BLOCK, is_symmetric=True)
    quantizer.process()
    onnx.save(quantizer.model.model, target)


def four_bits(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed values [rows, width / 2] and scales [rows, blocks], zero point 8."""
    rows, width = table.shape
    packed = np.empty((rows, width // 2), np.uint8)
    scales = np.empty((rows, width // BLOCK), np.float32)
    for at in range(0, rows, ROWS):
        blocks = table[at : at + ROWS].reshape(-1, width // BLOCK, BLOCK)
        scale = np.maximum(np.abs(blocks).max(-1), 1e-8) / 7
        values = (np.round(blocks / scale[..., None]) + 8).astype(np.uint8).reshape(-1, width)
        packed[at : at + ROWS] = values[:, 0::2] | (values[:, 1::2] << 4)
        scales[at : at + ROWS] = scale
    return packed, scales
