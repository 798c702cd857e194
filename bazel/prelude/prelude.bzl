"""A header that is compiled once for many sources."""

load("//bazel/prelude:precompiled_header.bzl", "precompiled_header")
load("@rules_cc//cc:defs.bzl", "cc_library")

def prelude(name, src, deps):
    """NAME.h is what the source includes, precompiled; its dependents include it by -include.

    A header in this folder that has the name, too, would be found before it.
    """
    if native.glob([name + ".h"]):
        fail("%s.h is in the way of what is precompiled" % name)
    cc_library(
        name = name + "_compiled",
        srcs = [src],
        copts = ["-xc++-header"] + select({
            # What it asks of templates is done once; and it holds wherever the same headers are.
            "//bazel/prelude:clang": ["-fpch-instantiate-templates", "-Xclang", "-fno-pch-timestamp"],
            "//conditions:default": [],
        }),
        # An archive of it is of no use.
        tags = ["manual"],
        deps = deps,
    )
    precompiled_header(
        name = name,
        compiled = name + "_compiled",
        has_absolute_names = select({
            "//bazel/prelude:clang": True,
            "//conditions:default": False,
        }),
        header = src,
        visibility = ["//visibility:public"],
    )
