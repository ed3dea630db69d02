"""How the marking check does on the labelled posts of the tests; ``-v`` lists what is wrong, but for the held half."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

CASES = Path(__file__).parents[2] / "tests" / "provenance" / "marking" / "cases.py"


def main() -> None:
    spec = importlib.util.spec_from_file_location("marking_cases", CASES)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{CASES} is missing")
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    for half in ("tuned", "held", "later", "families-tuned", "families-held"):
        result = cases.score(cases.load(half))
        wrong = result.pop("wrong")
        shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in result.items()}
        shown["f1"] = {k: round(v, 3) for k, v in result["f1"].items()}
        print(half, json.dumps(shown))
        if "-v" in sys.argv and not half.endswith("held"):
            print("\n".join(wrong))


if __name__ == "__main__":
    main()
