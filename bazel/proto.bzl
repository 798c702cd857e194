"""proto_library as every package of this tree uses it."""

load("@com_google_protobuf//bazel:proto_library.bzl", _proto_library = "proto_library")

def proto_library(name, **attrs):
    """A proto_library that is imported as "muster/PACKAGE/FILE".

    Descriptors are registered by that name, and an embedder may have a proto/config.proto.
    """
    _proto_library(
        name = name,
        import_prefix = "muster",
        strip_import_prefix = "/",
        **attrs
    )
