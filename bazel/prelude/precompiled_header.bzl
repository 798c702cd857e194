"""A header that is compiled once, for gcc."""

def _precompiled_header_impl(ctx):
    compiled = ctx.attr.compiled
    objects = compiled[OutputGroupInfo].compilation_outputs.to_list()
    if len(objects) != 1:
        fail("%s has %d sources, not one" % (compiled.label, len(objects)))

    # gcc takes NAME.h.gch for NAME.h, and reads NAME.h only where the options differ.
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    precompiled = ctx.actions.declare_file(ctx.label.name + ".h.gch")
    ctx.actions.symlink(output = header, target_file = ctx.file.header)
    ctx.actions.symlink(output = precompiled, target_file = objects[0])
    files = [header, precompiled]

    # Without what would be linked, since the object is none.
    context = compiled[CcInfo].compilation_context
    return [
        DefaultInfo(files = depset(files)),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset(files, transitive = [context.headers]),
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
        "header": attr.label(
            doc = "The source.",
            allow_single_file = True,
            mandatory = True,
        ),
    },
)
