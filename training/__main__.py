"""Command line: `python -m training COMMAND`."""

import argparse
import json
import re
import shlex
import sys
import time
from pathlib import Path

import torch

from . import bge_zh
from . import model as models
from .data import DATA
from .codes import FORMATS, TERMS
from .collect import SOURCES, collect
from .hub import HUBS, hub_of
from .late import DOCUMENT_LENGTH, START_WEIGHTS, START_WEIGHTS_ZH, LateInteraction
from .late import load as load_late
from .late import save as save_late
from .tiny import MAKERS
from .tiny_late import LATE_HUB


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Of one command; the command line's own where none are given."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Make page-rerank's bundled model.")
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of JSON Lines data: train/, dev/, eval/")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of PyTorch (default 1)")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, text, model=True, hub=False):
        sub = commands.add_parser(name, help=text)
        if hub:
            sub.add_argument("--hub", choices=HUBS, default="small", help="which of the bundled models, or one of its kind")
            sub.add_argument("--out", type=Path, help="the hub folder (default: models/NAME)")
        if model:
            sub.add_argument("--model", type=Path, help="a checkpoint (default: the untrained start)")
        return sub

    def report(sub):
        sub.add_argument("--json", type=Path, help="write the report here too")

    def bfloat16(sub):
        sub.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=torch.cpu._is_avx512_bf16_supported(),
                         help="bfloat16 matrix products (default: where the CPU has them)")

    command("all", "the commands on standard input, one a line, in this one process", model=False)

    sub = command("collect", "training data from installed documentation, your own pages and search log", model=False)
    sub.add_argument("sources", nargs="+", metavar="NAME=KIND[:PLACE]",
                     help=f"kinds: {', '.join(SOURCES)}; e.g. site=pages:./dist searches=log:clicks.jsonl stdlib=python; "
                          "the same NAME and KIND again: one source of several places")
    report(sub)
    sub.add_argument("--out", type=Path, required=True)

    sub = command("start", "write the untrained start as a checkpoint", model=False)
    sub.add_argument("--base", choices=[models.BASE, bge_zh.NAME], default=models.BASE)
    sub.add_argument("--independent", type=int, default=0, help="lowest layers without attention across (of MiniLM; bge-small-zh has none across)")
    sub.add_argument("--repository", help="where Maven looks for bge-small-zh's artifact (default: what its settings say)")
    sub.add_argument("--out", type=Path, default=Path("training/.work/start.pt"))

    sub = command("mine", "find each training query's first-stage candidates", model=False)
    sub.add_argument("--out", type=Path, default=Path("training/.work/mined"))
    sub.add_argument("--seed", type=int, default=1)

    sub = command("fit", "fit the weights of the logit's terms on mined lists; the encoder stays as it is")
    sub.add_argument("--mined", type=Path, default=Path("training/.work/mined"))
    sub.add_argument("--lists", type=int, default=600)
    sub.add_argument("--negatives", type=int, default=15)
    sub.add_argument("--seed", type=int, default=1)
    report(sub)
    bfloat16(sub)
    sub.add_argument("--out", type=Path, required=True)

    sub = command("train", "fine-tune, with checkpoints and --resume; figures go to --runs/NAME.json")
    sub.add_argument("--run", required=True, help="name of the run")
    sub.add_argument("--runs", type=Path, default=Path("training/runs"), help="folder of the runs' figures")
    sub.add_argument("--mined", type=Path, default=Path("training/.work/mined"))
    sub.add_argument("--steps", type=int, default=800)
    sub.add_argument("--every", type=int, default=200, help="steps between checkpoints")
    sub.add_argument("--judge", type=int, default=0, help="queries of each development set to score at a checkpoint")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--body-lr", type=float, default=3e-5)
    sub.add_argument("--head-lr", type=float, default=1e-3, help="cross biases and head")
    sub.add_argument("--lists", type=int, default=6, help="queries a step, each with 1 positive and --negatives")
    sub.add_argument("--negatives", type=int, default=7)
    sub.add_argument("--max-length", type=int, default=144)
    sub.add_argument("--trust", type=float, default=0.6, help="the label's share of the target; the rest is the start's ranking")
    sub.add_argument("--temperature", type=float, default=1.0, help="of the start's ranking")
    bfloat16(sub)
    sub.add_argument("--resume", action="store_true")

    sub = command("contrast", "fine-tune an encoder of single texts for late interaction, with checkpoints and --resume")
    sub.add_argument("--run", required=True, help="name of the run")
    sub.add_argument("--runs", type=Path, default=Path("training/runs"), help="folder of the runs' figures")
    sub.add_argument("--steps", type=int, default=220)
    sub.add_argument("--until", type=int, help="stop at this step of them")
    sub.add_argument("--mined", type=Path, help="take negatives from mined lists, where rows have none of their own (collected ones)")
    sub.add_argument("--every", type=int, default=20, help="steps between checkpoints")
    sub.add_argument("--lists", type=int, default=16, help="queries a step, each with 1 positive and --negatives")
    sub.add_argument("--negatives", type=int, default=4)
    sub.add_argument("--max-length", type=int, default=128)
    sub.add_argument("--rate", type=float, default=1.5e-5)
    sub.add_argument("--trust", type=float, default=0.5, help="the label's share of the target; the rest is the start's ranking")
    sub.add_argument("--seed", type=int, default=1)
    bfloat16(sub)
    sub.add_argument("--resume", action="store_true")

    sub = command("weigh", "fit the weights of late interaction's terms on mined lists")
    sub.add_argument("--mined", type=Path, default=Path("training/.work/mined"))
    sub.add_argument("--lists", type=int, default=600)
    sub.add_argument("--negatives", type=int, default=15)
    sub.add_argument("--bits", type=int, choices=FORMATS, default=2, help="a dimension, kept of a document")
    sub.add_argument("--ridge", type=float, default=1.0, help="how strongly the weights are kept near those they start from")
    sub.add_argument("--terms", nargs="+", choices=TERMS, default=TERMS, help="which terms there are")
    sub.add_argument("--document-length", type=int, default=DOCUMENT_LENGTH, help="tokens read of a document")
    sub.add_argument("--seed", type=int, default=1)
    report(sub)
    bfloat16(sub)
    sub.add_argument("--out", type=Path, required=True)

    sub = command("publish", "a late-interaction model's hub folder: encoder files, codes, manifest; and their logit errors", hub=True)
    sub.add_argument("--queries", type=int, default=12, help="of each set, to measure errors with")
    sub.add_argument("--rows", type=int, default=300, help="rows to calibrate on, at most")
    sub.add_argument("--mined", type=Path, help="mined lists, or an evaluation set, to calibrate on (default: the data's development rows)")

    sub = command("mix", "average checkpoints, weight by weight", model=False)
    sub.add_argument("models", type=Path, nargs="+")
    sub.add_argument("--shares", type=float, nargs="+", help="default: equal; add the start's own for a gentler result")
    sub.add_argument("--out", type=Path, required=True)

    sub = command("trim", "cut the vocabulary to what English pages use", model=True)
    sub.add_argument("--size", type=int, default=10000, help="WordPieces to keep")
    sub.add_argument("--mined", type=Path, default=Path("training/.work/mined"), help="where to count WordPieces")
    sub.add_argument("--out", type=Path, required=True)

    sub = command("distil", "teach a trimmed model, rounded to 4 bits, the whole model's states")
    sub.add_argument("--teacher", type=Path, required=True)
    sub.add_argument("--mined", type=Path, default=Path("training/.work/mined"))
    sub.add_argument("--steps", type=int, default=600)
    sub.add_argument("--pairs", type=int, default=32, help="a step")
    sub.add_argument("--max-length", type=int, default=128)
    sub.add_argument("--rate", type=float, default=1e-4)
    sub.add_argument("--seed", type=int, default=1)
    report(sub)
    bfloat16(sub)
    sub.add_argument("--out", type=Path, required=True)

    sub = command("export", "calibrate; write the fp32 ONNX file (not committed) and the hub folder's text files", hub=True)
    sub.add_argument("--rows", type=int, default=300, help="development rows to calibrate on, at most")
    sub = command("quantize", "write the quantized files and measure their logit errors", model=False, hub=True)
    sub.add_argument("--queries", type=int, default=12, help="of each set, to measure errors with")
    command("canaries", "score the canary pairs and write the manifest", model=False, hub=True)
    sub = command("golden", "write the TypeScript tests' reference files", model=False)
    sub.add_argument("--only", choices=[*MAKERS, *HUBS, LATE_HUB.name, "codes", "colbert"], help="colbert alone needs requirements-pylate.txt")
    sub.add_argument("--compare", action="store_true", help="count what the installed versions encode otherwise; write nothing")

    sub = command("full-size", "a random-weight reranker as large as bge-reranker-v2-m3, to try loading with", model=False)
    sub.add_argument("--out", type=Path, default=Path("training/.work/full-size"))

    sub = command("evaluate", "nDCG@10 on the English development sets")
    sub.add_argument("--queries", type=int, default=20, help="queries sampled per set; 0 for all")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--max-length", type=int, default=256)
    sub.add_argument("--bf16", action="store_true", help="a quick look: twice as fast, logits off by a few hundredths")
    sub.add_argument("--json", type=Path, help="write the table here too")

    sub = command("late-evaluate", "the same of a late-interaction model, by its kept bits too; and the whole corpora")
    sub.add_argument("--queries", type=int, default=20, help="queries sampled per set; 0 for all")
    sub.add_argument("--whole", action="store_true", help="rank all documents too")
    sub.add_argument("--sets", nargs="+")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--cache", type=Path, help="a folder to keep embeddings in, half precision")
    bfloat16(sub)
    sub.add_argument("--json", type=Path, help="write the table here too")

    sub = command("intervals", "the table of `page-rerank eval --json` files, with bootstrap intervals", model=False)
    sub.add_argument("files", type=Path, nargs="+")
    sub.add_argument("--bi-encoder", type=Path, default=Path("training/.work/bi-encoder.json"), help="computed when missing")

    args = parser.parse_args(given)
    if args.command == "collect":
        parts = (re.fullmatch(r"([\w-]+)=(\w+)(?::(.+))?", source) for source in args.sources)
        chosen = [(p[1], p[2], Path(p[3]) if p[3] else None) for p in parts if p and p[2] in SOURCES]
        if len(chosen) < len(args.sources):
            parser.error(f"a source is NAME=KIND[:PLACE], KIND one of {', '.join(SOURCES)}")
        args.sources = chosen
    return args


def tell(report: dict, file: Path | None) -> None:
    text = json.dumps(report, indent=2)
    print(text, flush=True)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")


def run_all(args: argparse.Namespace) -> None:
    """Each as in a process of its own, which would spend seconds on importing PyTorch."""
    began = time.monotonic()
    for line in sys.stdin:
        if words := shlex.split(line, comments=True):
            print(f"── {words[0]} ({time.monotonic() - began:.0f} s)", flush=True)
            run(arguments(["--data", str(args.data), "--threads", str(args.threads), *words]))


def run(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    if args.command == "all":
        run_all(args)
    elif args.command == "collect":
        tell(collect(args.sources, args.out), args.json)
    elif args.command == "start":
        if args.base == bge_zh.NAME:
            bge_zh.fetch(args.repository)
            models.save(bge_zh.start(), args.out)
        else:
            models.save(models.start(args.independent), args.out)
    elif args.command == "mine":
        from .mine import mine
        from .rows import keep_apart, training_rows

        rows, apart = keep_apart(training_rows(args.data, args.seed), args.data)
        print(json.dumps(apart | mine(rows, args.out)))
    elif args.command == "fit":
        from .fit import fit

        fitted, report = fit(models.load(args.model), args.mined, args.lists, args.negatives, args.seed, args.bf16)
        models.save(fitted, args.out)
        tell(report, args.json)
    elif args.command == "train":
        from .train import train

        train(args)
    elif args.command == "contrast":
        from .contrast import contrast

        contrast(args)
    elif args.command == "weigh":
        from .weigh import weigh

        encoder = models.load(args.model)
        weights = START_WEIGHTS_ZH if encoder.base == bge_zh.NAME else START_WEIGHTS
        begin = LateInteraction(encoder, args.bits, dict(weights), document_length=args.document_length)
        weighed, report = weigh(begin, args.mined, args.lists, args.negatives, args.seed, args.bf16, args.ridge, args.terms)
        save_late(weighed, args.out)
        tell(report, args.json)
    elif args.command == "publish":
        from .late_hub import publish

        hub = hub_of(args.hub, args.out)
        print(json.dumps(publish(load_late(args.model), hub, args.data, args.queries, mined=args.mined, rows=args.rows), indent=2))
    elif args.command == "mix":
        from .train import mix

        parts = [models.load(file) for file in args.models]
        models.save(mix(parts, args.shares or [1.0] * len(parts)), args.out)
    elif args.command == "trim":
        from .vocabulary import trim

        models.save(trim(models.load(args.model), args.size, args.mined / "passages.jsonl"), args.out)
    elif args.command == "distil":
        from .distil import distil

        tell(distil(
            models.load(args.model), models.load(args.teacher), args.mined, args.out, HUBS["tiny"].block, args.steps, args.pairs,
            args.max_length, args.rate, args.seed, args.bf16), args.json)
    elif args.command == "export":
        from .export import export

        print(json.dumps(export(models.load(args.model), hub_of(args.hub, args.out), args.data, args.rows), indent=2))
    elif args.command == "quantize":
        from .quantize import quantize

        hub = hub_of(args.hub, args.out)
        print(json.dumps(quantize(models.load(hub.work / "calibrated.pt"), hub, args.data, args.queries), indent=2))
    elif args.command == "canaries":
        from .hub import manifest

        hub = hub_of(args.hub, args.out)
        manifest(models.load(hub.work / "calibrated.pt"), hub)
    elif args.command == "golden":
        from .golden import golden

        golden(args.only, args.compare)
    elif args.command == "full-size":
        from .full_size import full_size

        full_size(args.out)
    elif args.command == "evaluate":
        from .evaluate import evaluate, print_table

        table = evaluate(models.load(args.model), args.data, args.queries, args.max_length, seed=args.seed, bf16=args.bf16)
        print_table(table)
        if args.json:
            args.json.write_text(json.dumps(table, indent=2) + "\n")
    elif args.command == "late-evaluate":
        from .late_evaluate import late_evaluate

        late = load_late(args.model)
        forms = {"full": None} | {f"{n} of {late.bits} bits": (late.format, n) for n in range(1, late.bits + 1)}
        table = late_evaluate(late, args.data, args.queries, args.whole, forms, args.seed, args.bf16, args.cache, args.sets)
        if args.json:
            args.json.write_text(json.dumps(table, indent=2) + "\n")
    elif args.command == "intervals":
        from .intervals import bi_encoder, intervals

        known = args.bi_encoder.exists()
        bi = json.loads(args.bi_encoder.read_text()) if known else bi_encoder(args.data, args.bi_encoder)
        print(intervals(args.files, bi))


if __name__ == "__main__":
    run(arguments())
