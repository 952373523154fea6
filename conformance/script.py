"""What the GPU scripts share: arguments, and one JSON line a case."""
import argparse
import json
import pathlib
import traceback

import torch


def run(description, check, cases, times, shapes, before=lambda work: None):
    """Checks cases and times shapes, all or as asked for; returns the exit status: 1 if a case is over its limit.

    check, times: of a name and its settings, a line as a dict. before: called with the work, (call, name, settings) each.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only errors")
    parser.add_argument("--time", action="store_true", help="only times")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with this in their name")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="for the lines")
    args = parser.parse_args()
    both = args.check == args.time
    work = [(check, n, s) for n, s in cases.items()] if args.check or both else []
    work += [(times, n, s) for n, s in shapes.items()] if args.time or both else []
    work = [x for x in work if args.only in x[1]]
    torch.backends.cuda.matmul.allow_tf32 = False
    lines = [{"device": torch.cuda.get_device_name(), "torch": torch.__version__}]
    print(json.dumps(lines[0]), flush=True)
    before(work)
    for call, name, settings in work:
        try:
            line = call(name, settings)
        except Exception as e:
            line = {"case": name, "ok": False, "error": repr(e)[:1500], "at": traceback.format_exc().splitlines()[-3][:200]}
        print(json.dumps(line), flush=True)
        lines.append(line)
        torch.cuda.empty_cache()
        if any(x in str(line.get("error")) for x in ("illegal", "unspecified launch", "error 700", "error 719")):
            break  # the context is lost
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text("".join(json.dumps(x) + "\n" for x in lines))
    return 0 if all(x.get("ok", True) for x in lines) else 1
