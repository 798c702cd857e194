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

# Their tests are optimised (.bazelrc).
_OPTIMISED_TESTS = ["ipc/lock", "ipc/zone", "ipc/testing"]

# Most of their sources include messages of the admin service. What only decides does not.
_CALLS = ["master", "ctl"]
_NO_CALLS = ["master/decide"]

# gcc would walk all of the precompiled header whenever it looks for memory to use again.
_PRELUDE_OPTIONS = ["-Winvalid-pch", "-Wno-error=invalid-pch", "--param=ggc-min-heapsize=1000000"]

def _is_below(folders):
    package = native.package_name()
    return any([package == folder or package.startswith(folder + "/") for folder in folders])

def _prelude_of(srcs):
    sources = [src for src in srcs if src.endswith(".cc")]
    tests = [src for src in sources if src.endswith("_test.cc")]
    if not sources or (tests and len(tests) < len(sources)):
        return None
    if not tests:
        return "call_sources" if _is_below(_CALLS) and not _is_below(_NO_CALLS) else "sources"
    if _is_below(_OPTIMISED_TESTS):
        return "optimised_tests"
    return "call_tests" if _is_below(_CALLS) else "tests"

def _by_prelude(srcs, copts, deps):
    """The copts and deps with a precompiled header of //bazel/prelude, where gcc compiles and this is the main workspace.

    Where it is embedded, with --define=muster_prelude=1 only: all its sources have to be compiled with the same options, once
    each (--features=-supports_pic).
    """
    prelude = _prelude_of(srcs)
    if not prelude:
        return copts, deps
    if native.repository_name() == "@":
        without = "//bazel/prelude:clang"
        with_prelude = "//conditions:default"
    elif prelude.startswith("call_"):
        return copts, deps  # few such sources are compiled where it is embedded
    else:
        without = "//conditions:default"
        with_prelude = "//bazel/prelude:is_wanted_where_embedded"
    deps = deps + select({
        without: [],
        with_prelude: ["//bazel/prelude:" + prelude],
    })
    copts = copts + select({
        without: [],
        with_prelude: ["-include", "bazel/prelude/%s.h" % prelude] + _PRELUDE_OPTIONS,
    })
    return copts, deps

def cc_library(name, srcs = [], hdrs = [], copts = [], deps = [], **attrs):
    """A library whose headers are included as "muster/PACKAGE/HEADER"."""
    _check_headers(name, srcs)
    if attrs.get("textual_hdrs"):
        fail("%s: textual_hdrs have no name under muster/" % name)
    copts, deps = _by_prelude(srcs, copts, deps)
    _cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = _WARNINGS + copts,
        deps = deps,
        # The first alone would lose the package's path.
        include_prefix = "muster",
        strip_include_prefix = "/",
        **attrs
    )

def cc_test(name, srcs = [], copts = [], deps = [], **attrs):
    _check_headers(name, srcs)
    copts, deps = _by_prelude(srcs, copts, deps)
    _cc_test(name = name, srcs = srcs, copts = _WARNINGS + copts, deps = deps, **attrs)

def cc_binary(name, srcs = [], copts = [], deps = [], **attrs):
    _check_headers(name, srcs)
    copts, deps = _by_prelude(srcs, copts, deps)
    _cc_binary(name = name, srcs = srcs, copts = _WARNINGS + copts, deps = deps, **attrs)
