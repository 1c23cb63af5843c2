"""Configuration of the documentation; CONTRIBUTING.rst has the command that builds it.

The reference lists what the modules export in ``__all__``.  The gallery runs every
``examples/plot_*.py``; with the tag ``without_pictures`` it shows their code only.
"""

import os
import re
import sys
from pathlib import Path

import pmm_sklearn

sys.path.insert(0, str(Path(__file__).parent))
from make_benchmarks import write_tables

# The matrices are small: threads of BLAS cost more time than they save.
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "pmm_sklearn"
author = "The pmm_sklearn developers"
project_copyright = author
version = release = pmm_sklearn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # formulas without a network
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "auto_examples/*.ipynb"]
# `name` in a docstring is a link if there is something of that name.
default_role = "py:obj"
nitpicky = True
# Parameters in single backticks, and other projects, have no page here.
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:.*", r"(numpy|scipy|sklearn|joblib|np|torch)\..*"),
]

autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = True
# The pages of what needs it are made where it is not installed, too.
autodoc_mock_imports = ["torch"]
autodoc_member_order = "groupwise"
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "gallery_order.gallery_order",
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "show_memory": False,
    "write_computation_times": False,
    # What displays and figures return is no output.
    "capture_repr": ("_repr_html_",),
    "plot_gallery": not tags.has("without_pictures"),  # noqa: F821
}

html_theme = "pydata_sphinx_theme"
html_title = "pmm_sklearn"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "install": [], "getting_started": [], "benchmarks": []}


def _without_foreign_labels(app, what, name, obj, options, lines):
    """Docstrings inherited from scikit-learn refer to pages of its own guide."""
    text = "\n".join(lines)
    foreign = r":ref:`([^`<]+?)\s*<(r2_score|accuracy_score)>`"
    lines[:] = re.sub(foreign, r"\1", text).split("\n")


def setup(app):
    """Connect to the events of Sphinx."""
    write_tables()
    app.connect("autodoc-process-docstring", _without_foreign_labels)
