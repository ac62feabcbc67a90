"""`micronets init`."""

import argparse
from pathlib import Path

DESCRIPTION = """\
Look at a folder of recordings or pictures, say what is in it, and write a configuration for the workflow that learns
from them: networks, classes, splits and length of training, with comments."""
EXAMPLES = """\
  micronets init kws recordings --keywords open close lights
  micronets init ic pictures
  micronets init vww pictures --output rooms.yaml
  micronets init ad pump --board nucleo-l4r5zi"""
EXTRAS = ("data", "workflow")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", help="kws (words), vww (is something in the picture), ad (machines) or ic (pictures)")
    parser.add_argument("folder", type=Path, help="the data: a folder for every word or class, or for a machine")
    parser.add_argument("--board", default="nucleo-f446re", metavar="NAME", help="what to build for (%(default)s)")
    parser.add_argument(
        "--keywords", nargs="+", default=[], metavar="WORD", help="of kws: the words to spot (default: all folders)"
    )
    parser.add_argument("--category", default="", help="of vww, in COCO's layout: what is looked for (default: person)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the configuration (default: TASK.yaml, here)")


def run(options: argparse.Namespace) -> int:
    from micronets.atomic import write_text
    from micronets.errors import OutputError
    from micronets.proposal import propose

    path = options.output or Path(f"{options.task}.yaml")
    if path.exists():
        raise OutputError(f"{path} exists and is not overwritten; name another file with --output, or take it away")
    keywords = tuple(options.keywords)
    proposal = propose(options.task, options.folder, options.board, keywords=keywords, category=options.category)
    print(f"{options.folder}:", *(f"  {line}" for line in proposal.found), "", sep="\n")
    write_text(path, proposal.configuration)
    print(f"{path} is written; change what you like, and run\n")
    print(f"  snakemake --cores all --configfile {path}")
    if options.task == "kws":
        print(f"  snakemake spot --cores all --configfile {path}")
    return 0
