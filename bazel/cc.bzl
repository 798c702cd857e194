"""cc_library, cc_test and cc_binary as every package of this tree uses them.

A library's headers are included by the path that they have in this tree, under muster/:
#include "muster/ipc/lock/mutex.h". So a program that has an ipc/lock/mutex.h of its own gets that
one by its own name, and ours by ours.
"""

load("@rules_cc//cc:defs.bzl", _cc_binary = "cc_binary", _cc_library = "cc_library", _cc_test = "cc_test")

# Errors in this tree (.bazelrc), not where it is embedded. gcc 12 sees uninitialised members in moved
# std::variants and std::optionals when it optimises; -Wuninitialized and clang's own analysis stay.
_WARNINGS = ["-Wall", "-Wextra", "-Wno-maybe-uninitialized"]

def _check_headers(name, srcs):
    for src in srcs:
        if src.endswith(".h"):
            fail("%s: %s belongs in hdrs: a header in srcs has no name under muster/" % (name, src))

def cc_library(name, srcs = [], hdrs = [], copts = [], **attrs):
    """A library whose headers are included as "muster/PACKAGE/HEADER"."""
    _check_headers(name, srcs)
    if attrs.get("textual_hdrs"):
        fail("%s: textual_hdrs have no name under muster/" % name)
    _cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = _WARNINGS + copts,
        # The first alone would lose the package's path.
        include_prefix = "muster",
        strip_include_prefix = "/",
        **attrs
    )

# Their tests are optimised (.bazelrc), so the prelude does not fit.
_OPTIMISED_TESTS = ["ipc/lock", "ipc/zone", "ipc/testing"]

def _takes_prelude(srcs):
    package = native.package_name()
    for folder in _OPTIMISED_TESTS:
        if package == folder or package.startswith(folder + "/"):
            return False
    return all([src.endswith("_test.cc") for src in srcs])

def cc_test(name, srcs = [], copts = [], deps = [], **attrs):
    """A test, whose source is compiled with //bazel/prelude where gcc compiles it."""
    _check_headers(name, srcs)
    if _takes_prelude(srcs):
        deps = deps + select({
            "//bazel/prelude:clang": [],
            "//conditions:default": ["//bazel/prelude:test_prelude"],
        })
        copts = copts + select({
            "//bazel/prelude:clang": [],
            "//conditions:default": ["-include", "bazel/prelude/test_prelude.h", "-Winvalid-pch", "-Wno-error=invalid-pch"],
        })
    _cc_test(name = name, srcs = srcs, copts = _WARNINGS + copts, deps = deps, **attrs)

def cc_binary(name, srcs = [], copts = [], **attrs):
    _check_headers(name, srcs)
    _cc_binary(name = name, srcs = srcs, copts = _WARNINGS + copts, **attrs)
