"""A header that is compiled once."""

def _precompiled_header_impl(ctx):
    compiled = ctx.attr.compiled
    objects = compiled[OutputGroupInfo].compilation_outputs.to_list()
    if len(objects) != 1:
        fail("%s has %d sources, not one" % (compiled.label, len(objects)))

    # gcc and clang take NAME.h.gch for NAME.h. gcc reads NAME.h where the options differ; for clang that is an error.
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    precompiled = ctx.actions.declare_file(ctx.label.name + ".h.gch")
    ctx.actions.symlink(output = header, target_file = ctx.file.header)
    if ctx.attr.has_absolute_names:
        # clang names its headers by the folder that Bazel tells it; Bazel knows them by their names below it only. A name of
        # the same length stays where it is.
        ctx.actions.run_shell(
            inputs = objects,
            outputs = [precompiled],
            command = "LC_ALL=C sed 's#/proc/self/cwd/#.//////////////#g' %s >%s" % (objects[0].path, precompiled.path),
            mnemonic = "RelativeNames",
        )
    else:
        ctx.actions.symlink(output = precompiled, target_file = objects[0])
    files = [header, precompiled]

    # Without what would be linked, since the object is none.
    context = compiled[CcInfo].compilation_context
    return [
        DefaultInfo(files = depset(files)),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset(files + [ctx.file.header], transitive = [context.headers]),
            includes = context.includes,
            quote_includes = context.quote_includes,
            system_includes = context.system_includes,
            defines = context.defines,
        )),
    ]

precompiled_header = rule(
    doc = "Its dependents include it by -include PACKAGE/NAME.h.",
    implementation = _precompiled_header_impl,
    attrs = {
        "compiled": attr.label(
            doc = "A cc_library with this one source, whose copts have -xc++-header.",
            mandatory = True,
            providers = [CcInfo],
        ),
        "has_absolute_names": attr.bool(
            doc = "Whether the compiler writes absolute names of headers into it.",
        ),
        "header": attr.label(
            doc = "The source.",
            allow_single_file = True,
            mandatory = True,
        ),
    },
)
