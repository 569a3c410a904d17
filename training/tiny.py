"""Tiny models with random weights but real configuration classes and real tokenizer kinds.

Each maker trains a tokenizer on installed text, as the real models' authors trained theirs, and
returns it with a model whose weights are drawn wide enough for logits to differ.
"""

import pydoc
from pathlib import Path

from .pairs import PLAIN

LANGUAGES = ("ar", "bn", "cs", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "ko", "nl", "pl",
             "pt", "ru", "sv", "ta", "th", "tr", "uk", "vi", "zh_Hans", "zh_Hant")


def corpus() -> list[str]:
    """Multilingual text from installed packages: Babel's locale data, the standard library's docs."""
    from babel import Locale

    lines = []
    for name in LANGUAGES:
        locale = Locale.parse(name)
        for table in (locale.territories, locale.languages, locale.scripts, locale.currencies,
                      locale.months["format"]["wide"], locale.days["format"]["wide"]):
            lines += [str(text) for text in table.values()]
    for module in ("json", "csv", "pathlib", "email", "http.client", "argparse", "random", "datetime", "logging"):
        lines += [line.strip(" |") for line in pydoc.plain(pydoc.render_doc(module)).splitlines()]
    return [line for line in lines if line.strip()] + PLAIN * 20


def make_bert(folder: Path, vocab_size: int = 2600, hidden_size: int = 48, intermediate_size: int = 96, markers: list[str] = []):
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    trainer = BertWordPieceTokenizer(lowercase=True)
    special = ["[PAD]", *markers, "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer.train_from_iterator(
        corpus(), vocab_size=vocab_size, min_frequency=2, limit_alphabet=900, show_progress=False, special_tokens=special)
    trainer.save_model(str(folder))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True, model_max_length=512)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=hidden_size, num_hidden_layers=2, num_attention_heads=4, intermediate_size=intermediate_size,
        max_position_embeddings=512, num_labels=1, initializer_range=0.3, attn_implementation="eager",
    )
    return tokenizer, BertForSequenceClassification(config)


def make_roberta(folder: Path):
    from transformers import RobertaConfig, RobertaForSequenceClassification, RobertaTokenizerFast

    files = train_bytes(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer = RobertaTokenizerFast(*files, model_max_length=512)
    config = RobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=514, type_vocab_size=1, num_labels=1, initializer_range=0.3,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, attn_implementation="eager",
    )
    return tokenizer, RobertaForSequenceClassification(config)


def make_xlm_roberta(folder: Path):
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification, XLMRobertaTokenizerFast

    model = train_unigram(folder, 3000)
    tokenizer = XLMRobertaTokenizerFast(model, model_max_length=512)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=514, type_vocab_size=1, num_labels=1, initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=0, eos_token_id=2, attn_implementation="eager",
    )
    return tokenizer, XLMRobertaForSequenceClassification(config)


def make_deberta_v2(folder: Path):
    """As mxbai-rerank-xsmall-v1: DeBERTa-v3's relative positions, nothing added at the input."""
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification, DebertaV2TokenizerFast

    model = train_unigram(folder, 2000, pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]",
                          eos_piece="[SEP]", unk_piece="[UNK]")
    tokenizer = DebertaV2TokenizerFast(model, model_max_length=512)
    config = DebertaV2Config(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=512, relative_attention=True, position_buckets=32, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False, type_vocab_size=0, num_labels=1,
        initializer_range=0.3, pad_token_id=0, attn_implementation="eager",
    )
    return tokenizer, DebertaV2ForSequenceClassification(config)


def make_modernbert(folder: Path):
    """As gte-reranker-modernbert-base; its vocabulary has runs of spaces as added tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import ModernBertConfig, ModernBertForSequenceClassification, PreTrainedTokenizerFast

    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]"]
    vocab, merges = train_bytes(folder, special)
    backend = Tokenizer(models.BPE.from_file(vocab, merges))
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    backend.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False)])
    backend.add_tokens([AddedToken(" " * n, normalized=True) for n in range(24, 1, -1)])
    backend.add_tokens([AddedToken("|||EMAIL_ADDRESS|||", normalized=False)])
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(token, backend.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
        mask_token="[MASK]", model_input_names=["input_ids", "attention_mask"], model_max_length=512,
    )
    cls, sep = tokenizer.cls_token_id, tokenizer.sep_token_id
    config = ModernBertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=4, num_attention_heads=4, intermediate_size=48,
        max_position_embeddings=8192, local_attention=32, classifier_pooling="mean", num_labels=1, initializer_range=0.3,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=cls, cls_token_id=cls, eos_token_id=sep, sep_token_id=sep,
        reference_compile=False, attn_implementation="eager",
    )
    return tokenizer, ModernBertForSequenceClassification(config)


def make_qwen3(folder: Path):
    """As Qwen3-Reranker: a causal model whose answer to the prompt is `yes` or `no`."""
    from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM

    vocab, merges = train_bytes(folder, ["<|endoftext|>"], corpus() + ["yes", "no"] * 500)
    tokenizer = Qwen2TokenizerFast(vocab, merges, model_max_length=512, padding_side="left")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.add_tokens(["<think>", "</think>"])
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=16, intermediate_size=64, max_position_embeddings=40960, initializer_range=0.3, tie_word_embeddings=True,
        attn_implementation="eager",
    )
    return tokenizer, Qwen3ForCausalLM(config)


def train_bytes(folder: Path, special: list[str], texts: list[str] | None = None) -> tuple[str, str]:
    """A byte-level BPE; paths of its vocabulary and merges."""
    from tokenizers import ByteLevelBPETokenizer

    # Merges with white space of all kinds, as a vocabulary learned from the web has them.
    spaces = ["a \ufeffb \x85 c\x85 d\u2028 e\u2003\u2003 f"] * 300
    trainer = ByteLevelBPETokenizer()
    trainer.train_from_iterator((texts or corpus()) + spaces, vocab_size=1800, min_frequency=2, special_tokens=special, show_progress=False)
    vocab, merges = trainer.save_model(str(folder))
    return vocab, merges


def train_unigram(folder: Path, size: int, **ids) -> str:
    """A SentencePiece Unigram model; its path."""
    import sentencepiece

    text = folder / "corpus.txt"
    text.write_text("\n".join(corpus()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "sentencepiece.bpe"), vocab_size=size, model_type="unigram",
        character_coverage=0.999, normalization_rule_name="nmt_nfkc", hard_vocab_limit=False,
        minloglevel=2, num_threads=1, **ids,
    )
    return str(folder / "sentencepiece.bpe.model")


MAKERS = {
    "bert": make_bert,
    "roberta": make_roberta,
    "xlm-roberta": make_xlm_roberta,
    "deberta-v2": make_deberta_v2,
    "modernbert": make_modernbert,
    "qwen3": make_qwen3,
}
