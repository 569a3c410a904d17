"""Make of a small BERT cross-encoder's ONNX file what other servers load: a folder for transformers, and a GGUF file.

python weights.py ONNX_FOLDER OUT_FOLDER [hf|gguf|one-segment ...]

ONNX_FOLDER is one such as test/reference/bert: config.json, tokenizer files and onnx/model.onnx of a BertForSequenceClassification
in float32. "hf" needs onnx and safetensors, "gguf" needs onnx, numpy and gguf. llama.cpp gives both of BERT's segments the embedding of the
first: "one-segment" makes weights that do the same, with an ONNX file of them in OUT_FOLDER/here, so that the rest can be compared.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def tensors(path: Path, layers: int) -> dict[str, np.ndarray]:
    """By transformers' names. The exporter turned matrices round, named them by number, and keeps equal tensors once."""
    graph = onnx.load(path).graph
    known = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]]
    found: dict[str, np.ndarray] = {}
    for node in graph.node:
        where = node.name.strip("/").replace("/", ".").removeprefix("model.")
        inputs = [known.get(name) for name in node.input]
        if node.op_type == "MatMul" and inputs[1] is not None:
            found[where.removesuffix(".MatMul") + ".weight"] = inputs[1].T
        elif node.op_type == "Add" and where.endswith("dense.Add") or node.op_type == "Add" and ".self." in where:
            bias = next((one for one in inputs if one is not None), None)
            if bias is not None and bias.ndim == 1:
                found[where.removesuffix(".Add") + ".bias"] = bias
        elif node.op_type == "LayerNormalization":
            place = where.removesuffix(".LayerNormalization")
            found[place + ".weight"], found[place + ".bias"] = inputs[1], inputs[2]
        elif node.op_type == "Gemm":
            place = where.removesuffix(".Gemm")
            found[place + ".weight"], found[place + ".bias"] = inputs[1], inputs[2]
    for name, value in known.items():
        if "embeddings" in name and name.endswith("embeddings.weight"):
            found[name.removeprefix("model.")] = value
    expected = 3 + 2 + 16 * layers + 4
    assert len(found) == expected, (len(found), expected, sorted(found))
    return {name: np.array(value, dtype=np.float32, order="C") for name, value in found.items()}


def join_segments(source: Path, out: Path, weights: dict[str, np.ndarray]) -> None:
    name = "bert.embeddings.token_type_embeddings.weight"
    weights[name][1] = weights[name][0]
    shutil.copytree(source, out / "here", dirs_exist_ok=True)
    model = onnx.load(source / "onnx" / "model.onnx")
    for one in model.graph.initializer:
        if one.name.endswith(name):
            one.CopyFrom(numpy_helper.from_array(weights[name], one.name))
    onnx.save(model, out / "here" / "onnx" / "model.onnx")


def write_hf(source: Path, out: Path, weights: dict[str, np.ndarray]) -> None:
    from safetensors.numpy import save_file

    folder = out / "hf"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(source / name, folder / name)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


GGUF_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def gguf_name(name: str) -> str:
    place, kind = name.rsplit(".", 1)
    fixed = {
        "bert.embeddings.word_embeddings": "token_embd",
        "bert.embeddings.position_embeddings": "position_embd",
        "bert.embeddings.token_type_embeddings": "token_types",
        "bert.embeddings.LayerNorm": "token_embd_norm",
        "bert.pooler.dense": "cls",
        "classifier": "cls.output",
    }
    if place in fixed:
        return f"{fixed[place]}.{kind}"
    layer, rest = place.removeprefix("bert.encoder.layer.").split(".", 1)
    return f"blk.{layer}.{GGUF_NAMES[rest]}.{kind}"


def write_gguf(source: Path, out: Path, weights: dict[str, np.ndarray], config: dict) -> None:
    import gguf

    out.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out / "model.gguf", "bert")
    writer.add_name("cross-encoder")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.RANK)
    writer.add_classifier_output_labels(["LABEL_0"])
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    by_id = sorted(vocabulary, key=vocabulary.__getitem__)
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

    def word(token: str) -> str:
        # llama.cpp marks the beginnings of words, where BERT marks what follows them.
        if token in special:
            return token
        return token[2:] if token.startswith("##") else "\u2581" + token

    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([word(token).encode() for token in by_id])
    writer.add_token_types([gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in by_id])
    writer.add_token_type_count(config["type_vocab_size"])
    for name, token in (("bos", "[CLS]"), ("eos", "[SEP]"), ("unk", "[UNK]"), ("sep", "[SEP]"), ("pad", "[PAD]"), ("mask", "[MASK]")):
        getattr(writer, f"add_{name}_token_id")(vocabulary[token])
    writer.add_add_bos_token(True)
    # Between query and document llama.cpp puts both of these: together with another, [SEP] would stand there twice.
    writer.add_add_eos_token(True)
    writer.add_add_sep_token(False)
    for name, value in weights.items():
        writer.add_tensor(gguf_name(name), value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(source: str, out: str, *kinds: str) -> None:
    config = json.loads((Path(source) / "config.json").read_text())
    weights = tensors(Path(source) / "onnx" / "model.onnx", config["num_hidden_layers"])
    if "one-segment" in kinds:
        join_segments(Path(source), Path(out), weights)
    if "hf" in kinds:
        write_hf(Path(source), Path(out), weights)
    if "gguf" in kinds:
        write_gguf(Path(source), Path(out), weights, config)


if __name__ == "__main__":
    main(*sys.argv[1:])
