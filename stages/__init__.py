"""Scripts of the pipeline. They draw without a screen, whatever backend a notebook has set for itself.

A Python that lacks the project's packages gets one line: DVC starts the first ``python`` of PATH, often another environment's.
"""

import os
import sys
from importlib.util import find_spec

os.environ["MPLBACKEND"] = "Agg"  # matplotlib refuses an unknown one as soon as it is imported
if missing := [name for name in ("numpy", "pydantic", "ruamel") if find_spec(name) is None]:
    found = f"{sys.executable} lacks {', '.join(missing)}"
    print(f"error: {found}; run `source .venv/bin/activate` first (`make setup` makes it), or `make repro`", file=sys.stderr)
    sys.exit(2)
