"""Programs that are compiled optimised in every compilation mode, with all that is in them."""

load("//bazel:cc.bzl", "cc_binary")

def _optimized_settings(_settings, _attr):
    return {"//command_line_option:compilation_mode": "opt"}

_optimized = transition(
    implementation = _optimized_settings,
    inputs = [],
    outputs = ["//command_line_option:compilation_mode"],
)

def _program_impl(ctx):
    program = ctx.attr.program[0]
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.executable.program, is_executable = True)
    return [
        DefaultInfo(executable = executable, runfiles = program[DefaultInfo].default_runfiles),
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["program"]),
    ]

_ATTRS = {
    "program": attr.label(cfg = _optimized, executable = True, mandatory = True),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

_optimized_test = rule(
    implementation = _program_impl,
    attrs = dict(
        _ATTRS,
        # What bazel coverage looks for in every test.
        _lcov_merger = attr.label(
            default = "@bazel_tools//tools/test:lcov_merger",
            executable = True,
            cfg = "exec",
        ),
    ),
    test = True,
)
_optimized_binary = rule(implementation = _program_impl, attrs = _ATTRS, executable = True)

def _program(name, **attrs):
    program = name + "_program"
    cc_binary(
        name = program,
        testonly = True,
        # Not for //..., which would compile it in the command's mode too.
        tags = ["manual"],
        **attrs
    )
    return program

def optimized_cc_test(name, size, srcs, deps, tags = []):
    """A cc_test that is compiled optimised, with its dependencies, in every compilation mode."""
    _optimized_test(
        name = name,
        size = size,
        program = _program(name, srcs = srcs, deps = deps),
        tags = tags,
    )

def optimized_cc_binary(name, srcs, deps):
    """As optimized_cc_test, for a cc_binary."""
    _optimized_binary(
        name = name,
        program = _program(name, srcs = srcs, deps = deps),
    )
