"""Build the fastpath. Everything else about the package stands in pyproject.toml.

Switches, read from the environment:
  DATAPLANE_BUILD=release (default) | trace (line tracing, for coverage) | annotate (HTML)
    | sanitize (ASan + UBSan, bounds checked) | none (nothing: for an editable install whose modules `build_ext --inplace` makes)
Modes write different C and objects: give each a copy of the tree of its own, as the Makefile does.
"""

import os
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

MODE = os.environ.get("DATAPLANE_BUILD", "release")
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer"]
COMPILE = {
    "release": ["-O3", "-g1", "-fno-strict-aliasing"],
    "annotate": ["-O3", "-g1", "-fno-strict-aliasing"],
    "trace": ["-O1", "-g1", "-fno-strict-aliasing"],
    "sanitize": ["-O1", "-g1", "-fno-strict-aliasing", *SANITIZE],
    "none": [],
}[MODE]

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": MODE == "sanitize",
    "wraparound": False,
    "initializedcheck": MODE == "sanitize",
    "cdivision": True,
    "embedsignature": True,
    "auto_pickle": False,
    "autotestdict": False,
    "linetrace": MODE == "trace",
}

extensions = [
    Extension(
        f"fastpath.{source.stem}",
        [str(source)],
        include_dirs=[numpy.get_include()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")]
        + ([("CYTHON_TRACE_NOGIL", "1")] if MODE == "trace" else []),
        extra_compile_args=["-std=gnu11", "-Wno-unused-function", "-Wno-sign-compare", *COMPILE],
        extra_link_args=SANITIZE if MODE == "sanitize" else [],
    )
    for source in sorted(Path("fastpath").glob("*.pyx"))
    if MODE != "none"
]

setup(
    options={"build_ext": {"parallel": 2}},
    ext_modules=cythonize(
        extensions,
        compiler_directives=DIRECTIVES,
        annotate=MODE == "annotate",
        nthreads=os.cpu_count() or 1,
    ),
)
