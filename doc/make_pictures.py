"""Draw the picture of the first page, with the example of the gallery that has it.

Run as ``python doc/make_pictures.py`` after a change of the example or of the defaults.
"""

import runpy
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    found = runpy.run_path(str(ROOT / "examples" / "plot_comparison.py"))
    path = ROOT / "doc" / "images" / "comparison.png"
    found["figure"].savefig(path, dpi=110)
    print(f"{path} is new.")
