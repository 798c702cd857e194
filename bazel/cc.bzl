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

# What is precompiled for the sources of a folder and of those below it; the nearest folder counts, and the others have
# "sources" and "tests". More is not better: what a source does not use costs it up to a second. //bazel/prelude
# says what each has.
_PRELUDES = {
    "config": "config",
    "config/syntax": "",
    "ctl": "state",
    "ctl/manual": "config",
    "ctl/master": "config",
    "examples": "config",
    "examples/ipc_guide": "",
    "host": "",
    "listen": "",
    "master": "state",
    "master/access": "config",
    "master/admin": "call",
    "master/admin/connection": "config",
    "master/admin/report": "state",
    "master/aside": "",
    "master/config": "config",
    "master/decide": "",
    "master/handoff": "config",
    "master/keep": "",
    "master/launch": "",
    "master/logs": "config",
    "master/testing": "call",
    "master/tls": "config",
    "master/upgrade": "config",
    "tests": "state",
    "worker": "config",
    "worker/http/log": "",
    "worker/http/message": "",
    "worker/protocol": "",
    "worker/zone": "",
}

# gcc would walk all of the precompiled header whenever it looks for memory to use again.
_GCC_OPTIONS = ["-Winvalid-pch", "-Wno-error=invalid-pch", "--param=ggc-min-heapsize=1000000"]

def _is_below(folders):
    package = native.package_name()
    return any([package == folder or package.startswith(folder + "/") for folder in folders])

def _prelude_of_folder():
    folders = native.package_name().split("/")
    for depth in range(len(folders), 0, -1):
        kind = _PRELUDES.get("/".join(folders[:depth]))
        if kind != None:
            return kind + "_" if kind else ""
    return ""

def _prelude_of(srcs):
    sources = [src for src in srcs if src.endswith(".cc")]
    tests = [src for src in sources if src.endswith("_test.cc")]
    if not sources or (tests and len(tests) < len(sources)):
        return None
    if tests and _is_below(_OPTIMISED_TESTS):
        return "optimised_tests"
    return _prelude_of_folder() + ("tests" if tests else "sources")

def _by_prelude(srcs, copts, deps):
    """The copts and deps with a precompiled header of //bazel/prelude, where this is the main workspace.

    Where it is embedded, with gcc and --define=muster_prelude=1 only: all its sources have to be compiled with the same
    options, once each (--features=-supports_pic).
    """
    prelude = _prelude_of(srcs)
    if not prelude:
        return copts, deps
    by_gcc = ["-include", "bazel/prelude/%s.h" % prelude] + _GCC_OPTIONS
    if native.repository_name() == "@":
        # clang does not look for what is compiled where it looks for headers.
        return copts + select({
            "//bazel/prelude:clang": ["-include", "$(BINDIR)/bazel/prelude/%s.h" % prelude],
            "//conditions:default": by_gcc,
        }), deps + ["//bazel/prelude:" + prelude]
    if prelude.startswith("call_") or prelude.startswith("state_"):
        return copts, deps  # few such sources are compiled where it is embedded
    return copts + select({
        "//bazel/prelude:is_wanted_where_embedded": by_gcc,
        "//conditions:default": [],
    }), deps + select({
        "//bazel/prelude:is_wanted_where_embedded": ["//bazel/prelude:" + prelude],
        "//conditions:default": [],
    })

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
