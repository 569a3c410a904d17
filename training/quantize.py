"""From the fp32 graph to the files that are shipped: q8 for CPUs and WebAssembly, q4 for WebGPU."""

import logging
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

from .export import write_onnx
from .hub import MAX_LENGTH, Hub, write_json
from .model import CrossEncoder
from .score import OnnxScorer, sample_pairs, torch_logits
from .text import PairEncoder

WORDS = "embeddings.word_embeddings.weight"
EMBEDDING_BLOCK = 64  # weights per 4-bit scale of an embedding row
SHARES = np.linspace(0.6, 1.0, 13, dtype=np.float32)  # of the largest value, tried as the ends of the 4-bit range


def q8(source: Path, target: Path) -> None:
    """int8 weights per output channel; activations quantized as they come, per tensor.

    `source` has int8 embeddings already: a lookup needs no int8 kernel.
    """
    quantize_dynamic(
        source, target, op_types_to_quantize=["MatMul"], per_channel=True,
        weight_type=QuantType.QInt8,
        # Shape inference does not see through ONNX Runtime's own operators.
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def q4(source: Path, target: Path, block: int) -> None:
    """4-bit weights with zero points (MatMulNBits) and 4-bit word embeddings; fp32 activations,
    so that no shader-f16 is needed."""
    graph = onnx.load(source)
    four_bit_lookup(graph, WORDS)
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)
    quantizer = MatMulNBitsQuantizer(graph, bits=4, block_size=block, is_symmetric=False)
    quantizer.process()
    onnx.save(quantizer.model.model, target)


def four_bit_lookup(model: onnx.ModelProto, name: str) -> None:
    """Replace the lookup in a table of embeddings by GatherBlockQuantized, in place.

    The operator is ONNX Runtime's (com.microsoft), two values a byte, zero point 8.
    """
    graph = model.graph
    table = next(i for i in graph.initializer if i.name == name)
    lookup = next(n for n in graph.node if n.op_type == "Gather" and n.input[0] == name)
    packed, scales = four_bits(numpy_helper.to_array(table))
    lookup.CopyFrom(helper.make_node(
        "GatherBlockQuantized", [f"{name}.4", lookup.input[1], f"{name}.4.scales"], list(lookup.output), lookup.name,
        domain="com.microsoft", bits=4, block_size=EMBEDDING_BLOCK, gather_axis=0, quantize_axis=1,
    ))
    graph.initializer.remove(table)
    graph.initializer.extend([numpy_helper.from_array(packed, f"{name}.4"), numpy_helper.from_array(scales, f"{name}.4.scales")])
    if all(o.domain != "com.microsoft" for o in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def four_bits(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed values [rows, width / 2] and scales [rows, blocks]; each block's scale is the one of
    a few that loses least (the largest value alone would make the steps too coarse)."""
    rows, width = table.shape
    blocks = table.reshape(rows, width // EMBEDDING_BLOCK, EMBEDDING_BLOCK)
    signed = np.take_along_axis(blocks, np.abs(blocks).argmax(-1)[..., None], -1)  # [rows, blocks, 1]
    best_error = np.full(signed.shape, np.inf, np.float32)
    best_scale = np.zeros(signed.shape, np.float32)
    for share in SHARES:
        scale = np.where(signed == 0, 1, -signed * share / 8)  # the largest value takes -8, the spare step
        error = ((np.clip(np.round(blocks / scale), -8, 7) * scale - blocks) ** 2).sum(-1, keepdims=True)
        better = error < best_error
        best_error, best_scale = np.where(better, error, best_error), np.where(better, scale, best_scale)
    values = (np.clip(np.round(blocks / best_scale), -8, 7) + 8).astype(np.uint8).reshape(rows, width)
    return values[:, 0::2] | (values[:, 1::2] << 4), best_scale[..., 0]


def quantize(model: CrossEncoder, hub: Hub, data: Path, queries: int = 12) -> dict:
    """The hub folder's weight files and their logit errors against PyTorch fp32."""
    (hub.folder / "onnx").mkdir(parents=True, exist_ok=True)
    source = hub.work / "to-quantize.onnx"
    for dtype, file in hub.files.items():
        if dtype == "q8":
            write_onnx(model, source, int8=("word_embeddings", "position_embeddings"))
            q8(source, hub.folder / file)
        else:
            write_onnx(model, source, int8=("position_embeddings",))
            q4(source, hub.folder / file, hub.block)
    report = errors(model, hub, data, queries)
    write_json(hub.work / "quantize.json", report)
    return report


def errors(model: CrossEncoder, hub: Hub, data: Path, queries: int) -> dict:
    pairs = sample_pairs(data, queries, 10)
    encoded = PairEncoder(MAX_LENGTH, model.kept_ids)(pairs)
    exact = torch_logits(model, encoded)
    report = {}
    for dtype, file in hub.files.items():
        logits = OnnxScorer(hub.folder / file)(encoded)
        error = np.abs(logits - exact)
        within = [rank_correlation(logits[i : i + 10], exact[i : i + 10]) for i in range(0, len(exact), 10)]
        report[dtype] = {
            "pairs": len(pairs),
            "maxLogitError": round(float(error.max()), 4),
            "p99LogitError": round(float(np.quantile(error, 0.99)), 4),
            "meanLogitError": round(float(error.mean()), 4),
            "rankCorrelation": round(rank_correlation(logits, exact), 5),
            "rankCorrelationPerQuery": round(float(np.mean(within)), 4),
            "bytes": (hub.folder / file).stat().st_size,
        }
    return report


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's."""
    return float(np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1])
