"""Command line: `python -m training COMMAND`."""

import argparse
import json
from pathlib import Path

import torch

from .data import DATA


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training", description="Make page-rerank's bundled model.")
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of JSON Lines data: train/, dev/, eval/")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of PyTorch (default 1)")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, text, model=True):
        sub = commands.add_parser(name, help=text)
        if model:
            sub.add_argument("--model", type=Path, help="a checkpoint (default: the untrained start)")
        return sub

    command("start", "write the untrained start as a checkpoint", model=False).add_argument(
        "--out", type=Path, default=Path("training/.work/start.pt"))

    sub = command("train", "fine-tune, with checkpoints, resume and early stopping")
    sub.add_argument("--run", default="first-cut", help="name of the run; figures go to training/runs/NAME.json")
    sub.add_argument("--minutes", type=float, default=60, help="stop after this long")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--body-lr", type=float, default=2e-5)
    sub.add_argument("--frozen", type=int, default=2, help="lowest layers kept as they are")
    sub.add_argument("--head-lr", type=float, default=2e-3, help="cross biases and head")
    sub.add_argument("--rows", type=int, default=4, help="queries a step, each with 1 positive and --negatives")
    sub.add_argument("--negatives", type=int, default=3)
    sub.add_argument("--max-length", type=int, default=128)
    sub.add_argument("--pull", type=float, default=1e-3, help="decay of the body towards the start, per step and unit of lr")
    sub.add_argument("--resume", action="store_true")

    sub = command("mix", "weigh a trained checkpoint against the start, weight by weight")
    sub.add_argument("--share", type=float, default=0.5, help="share of the trained weights")
    sub.add_argument("--out", type=Path, required=True)

    command("export", "calibrate; write the fp32 ONNX file (not committed) and the hub folder's text files")
    command("quantize", "write the q8 and q4 files and measure their logit errors", model=False)
    command("canaries", "score the canary pairs and write the manifest", model=False)
    sub = command("golden", "write the TypeScript tests' reference files", model=False)
    sub.add_argument("--only", choices=["bert", "xlm-roberta", "bundled"])
    sub.add_argument("--compare", action="store_true", help="count what the installed versions encode otherwise; write nothing")

    sub = command("evaluate", "nDCG@10 on the English development sets")
    sub.add_argument("--onnx", type=Path, help="an ONNX file instead of a checkpoint, run pair by pair")
    sub.add_argument("--queries", type=int, default=20, help="queries sampled per set; 0 for all")
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--max-length", type=int, default=256)
    sub.add_argument("--json", type=Path, help="write the table here too")

    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)

    from . import model as models

    if args.command == "start":
        models.save(models.start(), args.out)
    elif args.command == "train":
        from .train import train

        train(args)
    elif args.command == "mix":
        from .train import mix

        models.save(mix(models.load(None), models.load(args.model), args.share), args.out)
    elif args.command == "export":
        from .export import export

        print(json.dumps(export(models.load(args.model), args.data), indent=2))
    elif args.command == "quantize":
        from .export import WORK, quantize

        print(json.dumps(quantize(models.load(WORK / "calibrated.pt"), args.data), indent=2))
    elif args.command == "canaries":
        from .export import WORK, manifest

        manifest(models.load(WORK / "calibrated.pt"))
    elif args.command == "golden":
        from .golden import golden

        golden(args.only, args.compare)
    elif args.command == "evaluate":
        from .evaluate import evaluate, print_table

        target = args.onnx or models.load(args.model)
        table = evaluate(target, args.data, args.queries, args.max_length, seed=args.seed, threads=args.threads)
        print_table(table)
        if args.json:
            args.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
