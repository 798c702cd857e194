"""Targets for libFuzzer."""

load("//bazel:cc.bzl", "cc_binary", "cc_library", "cc_test")

def fuzzer(name, target):
    """A program that feeds `target`, a library with LLVMFuzzerTestOneInput.

    Only clang can link it: tools/fuzz, or bazel build --config=fuzz.
    """
    cc_binary(
        name = name,
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        # Not for //...
        tags = ["manual"],
        deps = [target],
    )

def fuzz_target(name, srcs, corpus, deps):
    """The library NAME, its program NAMEer, and NAME_test, which feeds it the files of the
    folder `corpus` and their neighbours with any compiler."""
    cc_library(
        name = name,
        testonly = True,
        srcs = srcs,
        deps = deps,
        alwayslink = True,
    )
    fuzzer(
        name = name + "er",
        target = ":" + name,
    )
    cc_test(
        name = name + "_test",
        size = "small",
        args = ["/".join([native.package_name(), corpus])],
        # A corpus grows by files that a fuzzer names.
        data = native.glob([corpus + "/*"]),
        deps = [
            ":" + name,
            "//fuzz:corpus_test",
        ],
    )
