"""The encoder of a late-interaction model as an ONNX graph: int32 token ids in, token embeddings out.

Written node by node, not traced, so that a GPU finds nothing but work for a GPU in it: GELU and layer norms are ONNX Runtime's
fused operators (com.microsoft), positions come from counting the mask, and no shape is computed. Attention is written out: its fused
operator is wrong on GPUs with subgroups of four lanes (texts of more than a few tokens), in ONNX Runtime 1.30.

For CPUs the same is written without the two fused operators, whose CPU kernels are slow there (1.30): a layer norm takes a tenth of
SkipLayerNormalization's time, and a text three quarters. `Sum` in `Add`'s place, since ONNX Runtime fuses an `Add` again.
"""

import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .model import MASKED, CrossEncoder

OPSET = 17
MICROSOFT = "com.microsoft"
WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
OUTPUT = "token_embeddings"


class Graph:
    def __init__(self):
        self.nodes, self.tensors = [], []

    def constant(self, name: str, value) -> str:
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def product(self, x: str, name: str, weight: np.ndarray, output: str) -> str:
        """x · weight, the weight [out, in] as PyTorch has it."""
        return self.add("MatMul", [x, self.constant(name, weight.T)], output)


def encoder_graph(model: CrossEncoder, int8: tuple[str, ...] = (), fused: bool = True) -> onnx.ModelProto:
    """input_ids, attention_mask int32 [batch, tokens] → token_embeddings float32 [batch, tokens, width].

    The mask has ones, then zeros.
    `int8`: which embedding tables (words, positions) are kept as int8 with a scale a row. `fused`: for GPUs.
    """
    g = Graph()
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    heads, eps = model.config["num_attention_heads"], model.config["layer_norm_eps"]

    def look_up(table: str, ids: str, output: str) -> str:
        if output not in int8:
            return g.add("Gather", [g.constant(table, state[table]), ids], output)
        scale = np.abs(state[table]).max(1, keepdims=True) / 127
        rows = g.add("Gather", [g.constant(f"{table}.rows", np.round(state[table] / scale).astype(np.int8)), ids], f"{output}.rows")
        scales = g.add("Gather", [g.constant(f"{table}.scale", scale), ids], f"{output}.scale")
        return g.add("Mul", [g.add("Cast", [rows], f"{output}.float", to=TensorProto.FLOAT), scales], output)

    def norm_parts(name: str) -> list[str]:
        return [g.constant(f"{name}.{part}", state[f"{name}.{part}"]) for part in ("weight", "bias")]

    def normed(product: str, residual: str, part: str, norm: str, output: str) -> str:
        """Layer norm of a product, its bias and what it is added to."""
        bias = g.constant(f"{part}.bias", state[f"{part}.bias"])
        if fused:
            return g.add("SkipLayerNormalization", [product, residual, *norm_parts(norm), bias], output, MICROSOFT, epsilon=eps)
        summed = g.add("Sum", [g.add("Add", [product, bias], f"{output}.biased"), residual], f"{output}.sum")
        return g.add("LayerNormalization", [summed, *norm_parts(norm)], output, epsilon=eps)

    def gelu(product: str, part: str, output: str) -> str:
        bias = g.constant(f"{part}.bias", state[f"{part}.bias"])
        if fused:
            return g.add("BiasGelu", [product, bias], output, MICROSOFT)
        return g.add("Gelu", [g.add("Add", [product, bias], f"{output}.biased")], output, MICROSOFT)

    # A mask of ones, then zeros, counted: 1, 2, … n, n, n.
    counted = g.add("CumSum", ["attention_mask", g.constant("along_tokens", np.array(1, np.int32))], "counted")
    at = g.add("Sub", [counted, g.constant("one", np.array(1, np.int32))], "at")
    both = g.add("Add" if fused else "Sum", [look_up(WORDS, "input_ids", "words"), look_up(POSITIONS, at, "positions")], "summed")
    hidden = g.add("LayerNormalization", [both, *norm_parts("embeddings.LayerNorm")], "embedded", epsilon=eps)

    # What keeps attention off padding, [batch, 1, tokens, tokens]: a row of it spread over a column of zeros.
    mask = g.add("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    off = g.add("Mul", [g.add("Sub", [mask, g.constant("float_one", np.float32(1))], "padding"), g.constant("far", np.float32(-MASKED))], "off")
    row = g.add("Unsqueeze", [off, g.constant("row_axes", np.array([1, 2]))], "off_row")
    zeros = g.add("Mul", [mask, g.constant("float_zero", np.float32(0))], "zeros")
    column = g.add("Unsqueeze", [zeros, g.constant("column_axes", np.array([1, 3]))], "zero_column")
    bias = g.add("Add", [row, column], "attention_bias")

    for i in range(len(model.layers)):
        layer = f"layers.{i}"
        q, k, v = (g.product(hidden, f"{layer}.{n}.weight", state[f"{layer}.{n}.weight"], f"{layer}.{n}") for n in ("query", "key", "value"))
        context = attention(g, layer, [q, k, v], bias, state, heads)
        out = g.product(context, f"{layer}.output.weight", state[f"{layer}.output.weight"], f"{layer}.output")
        hidden = normed(out, hidden, f"{layer}.output", f"{layer}.output_norm", f"{layer}.attended")
        inner = g.product(hidden, f"{layer}.inner.weight", state[f"{layer}.inner.weight"], f"{layer}.inner")
        inner = gelu(inner, f"{layer}.inner", f"{layer}.gelu")
        outer = g.product(inner, f"{layer}.outer.weight", state[f"{layer}.outer.weight"], f"{layer}.outer")
        last = i + 1 == len(model.layers)
        hidden = normed(outer, hidden, f"{layer}.outer", f"{layer}.outer_norm", OUTPUT if last else f"{layer}.hidden")

    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [*shape, model.config["hidden_size"]])]
    graph = helper.make_graph(g.nodes, "encoder", inputs, outputs, g.tensors)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)], ir_version=9)
    onnx.checker.check_model(made)
    return made


def attention(g: Graph, layer: str, projected: list[str], bias: str, state: dict[str, np.ndarray], heads: int) -> str:
    """softmax(q · k / √size + bias) · v of each head, side by side again [batch, tokens, width]."""
    width = len(state[f"{layer}.query.bias"])
    split = g.constant(f"{layer}.split", np.array([0, 0, heads, width // heads]))

    def heads_of(x: str, name: str, order: list[int]) -> str:
        biased = g.add("Add", [x, g.constant(f"{layer}.{name}.bias", state[f"{layer}.{name}.bias"])], f"{layer}.{name}.biased")
        return g.add("Transpose", [g.add("Reshape", [biased, split], f"{layer}.{name}.split")], f"{layer}.{name}.heads", perm=order)

    q, k, v = projected
    scores = g.add("MatMul", [heads_of(q, "query", [0, 2, 1, 3]), heads_of(k, "key", [0, 2, 3, 1])], f"{layer}.products")
    scaled = g.add("Mul", [scores, g.constant(f"{layer}.factor", np.float32(1 / math.sqrt(width // heads)))], f"{layer}.scaled")
    shares = g.add("Softmax", [g.add("Add", [scaled, bias], f"{layer}.scores")], f"{layer}.shares", axis=-1)
    found = g.add("MatMul", [shares, heads_of(v, "value", [0, 2, 1, 3])], f"{layer}.found")
    merged = g.add("Transpose", [found], f"{layer}.merged", perm=[0, 2, 1, 3])
    return g.add("Reshape", [merged, g.constant(f"{layer}.merge", np.array([0, 0, width]))], f"{layer}.context")


def write_encoder(model: CrossEncoder, file: Path, int8: tuple[str, ...] = (), fused: bool = True) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(encoder_graph(model, int8, fused), file)
