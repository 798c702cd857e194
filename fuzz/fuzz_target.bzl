"""Targets for libFuzzer."""

load("//bazel:cc.bzl", "cc_binary", "cc_library", "cc_test")

def fuzz_target(name, srcs, corpus, deps, changes = 200):
    """The library NAME, its program NAMEer, and NAME_test, which feeds it the files of the
    folder `corpus` with any compiler: whole, cut short, and each `changes` times with bytes changed."""
    cc_library(
        name = name,
        testonly = True,
        srcs = srcs,
        deps = deps,
        alwayslink = True,
    )
    cc_binary(
        name = name + "er",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        # Not for //...: only clang can link it (tools/fuzz, or bazel build --config=fuzz).
        tags = ["manual"],
        deps = [":" + name],
    )
    cc_test(
        name = name + "_test",
        size = "small",
        args = [
            "/".join([native.package_name(), corpus]),
            str(changes),
        ],
        # A corpus grows by files that a fuzzer names.
        data = native.glob([corpus + "/*"]),
        deps = [
            ":" + name,
            "//fuzz:corpus_test",
        ],
    )
