"""Tests that the libraries of a package decide and do nothing else.

What a library may depend on is a short list, and so is what its objects may need from outside.
Both tests look at every cc_library of the package that is not for tests only: load this last.
"""

def purity_tests(may_use):
    """Makes :dependencies_test and :symbols_test for the cc_library rules above, but those for tests only.

    Args:
      may_use: what these libraries may depend on besides each other. Libraries of this tree are
        looked into by :symbols_test too.
    """
    names = sorted([
        name
        for name, rule in native.existing_rules().items()
        if rule["kind"] == "cc_library" and not rule.get("testonly")
    ])
    may_use = [label if ":" in label else label + ":" + label.split("/")[-1] for label in may_use]
    libraries = ["//%s:%s" % (native.package_name(), name) for name in names]

    # All libraries of this tree that these depend on, and all others that they name.
    native.genquery(
        name = "dependencies",
        expression = "filter('^//', kind('rule', deps(set({0})))) + labels('deps', set({0}))".format(" ".join(libraries)),
        opts = [
            "--noimplicit_deps",
            "--notool_deps",
        ],
        scope = libraries,
    )
    native.sh_test(
        name = "dependencies_test",
        size = "small",
        srcs = ["dependencies_test.sh"],
        args = ["$(location :dependencies)"] + libraries + may_use,
        data = [":dependencies"],
    )
    native.filegroup(
        name = "archives",
        srcs = libraries + [label for label in may_use if label.startswith("//")],
    )
    native.sh_test(
        name = "symbols_test",
        size = "small",
        srcs = ["symbols_test.sh"],
        args = ["$(locations :archives)"],
        data = [":archives"],
    )
