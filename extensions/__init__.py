"""Scripts of section 7's extensions. They draw without a screen, whatever backend a notebook has set for itself."""

import os

os.environ["MPLBACKEND"] = "Agg"  # matplotlib refuses an unknown one as soon as it is imported
