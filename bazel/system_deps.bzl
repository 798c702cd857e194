"""The outside repositories, made out of what is installed on the machine.

The labels are those of the projects themselves, @com_google_absl//absl/strings
say, so that a package of this tree builds unchanged in a tree which gets these
projects in another way.
"""

# Folder of Abseil to its libraries, "name" or "name=pkg-config name" without
# the absl_ in front. Those that the installed Abseil lacks are left out.
_ABSL = {
    "algorithm": "algorithm container=algorithm_container",
    "base": "base config core_headers dynamic_annotations log_severity no_destructor nullability prefetch",
    "cleanup": "cleanup",
    "container": "btree fixed_array flat_hash_map flat_hash_set inlined_vector node_hash_map node_hash_set",
    "crc": "crc32c",
    "debugging": "failure_signal_handler leak_check stacktrace symbolize",
    "flags": "commandlineflag=flags_commandlineflag config=flags_config flag=flags marshalling=flags_marshalling parse=flags_parse program_name=flags_program_name reflection=flags_reflection usage=flags_usage",
    "functional": "any_invocable bind_front function_ref overload",
    "hash": "hash",
    "log": "absl_check absl_log check die_if_null flags=log_flags globals=log_globals initialize=log_initialize log log_entry log_sink log_sink_registry log_streamer structured=log_structured vlog_is_on",
    "memory": "memory",
    "meta": "type_traits",
    "numeric": "bits int128",
    "random": "bit_gen_ref=random_bit_gen_ref distributions=random_distributions random=random_random seed_gen_exception=random_seed_gen_exception seed_sequences=random_seed_sequences",
    "status": "status statusor",
    "strings": "cord str_format string_view strings",
    "synchronization": "synchronization",
    "time": "time",
    "types": "any compare optional span variant",
    "utility": "utility",
}

def _absl_libraries():
    libraries = {}
    for folder, names in _ABSL.items():
        for name in names.split(" "):
            target, _, package = name.partition("=")
            libraries["absl/%s:%s" % (folder, target)] = "absl_" + (package or target)
    return libraries

def _pkg_config(ctx, args):
    """The words that pkg-config prints, without what the packages require."""
    result = ctx.execute(["pkg-config", "--maximum-traverse-depth=2"] + args)
    if result.return_code != 0:
        fail("%s: pkg-config %s: %s" % (ctx.name, " ".join(args), result.stderr))
    return [word for word in result.stdout.replace("\n", " ").split(" ") if word]

def _cc_library(name, **attrs):
    return "\n".join(
        ["", "cc_library(", "    name = %r," % name] +
        ["    %s = %s," % (key, value) for key, value in attrs.items()] +
        [")"],
    )

def _installed_library(ctx, hint):
    """The packages' flags as one library. Returns its text and the packages known."""
    if not ctx.which("pkg-config"):
        fail("%s: no pkg-config; %s" % (ctx.name, hint))

    installed = sorted([line.split(" ")[0] for line in ctx.execute(["pkg-config", "--list-all"]).stdout.split("\n")])
    wanted = []
    for package in ctx.attr.packages:
        if package.endswith("*"):
            wanted += [
                name
                for name in installed
                if name.startswith(package[:-1]) and "test" not in name and "mock" not in name
            ]
        elif package in installed:
            wanted.append(package)
        else:
            fail("%s: no %s; %s" % (ctx.name, package, hint))
    if not wanted:
        fail("%s: no %s; %s" % (ctx.name, " ".join(ctx.attr.packages), hint))
    flags = _pkg_config(ctx, ["--cflags", "--libs"] + wanted)

    # Headers outside the compiler's own folders have to be shown to Bazel.
    folders = [flag[2:] for flag in flags if flag.startswith("-I")]
    includes = ["include%d" % i for i in range(len(folders))]
    for folder, include in zip(folders, includes):
        ctx.symlink(folder, include)

    # Bazel does not watch /usr/include. When another version is installed, its
    # number on the command line has the users of the library compiled again.
    version = _pkg_config(ctx, ["--modversion", wanted[0]])[0]

    # g++ defines _GNU_SOURCE, which stands for these; a precompiled header was made without them.
    defines = [flag[2:] for flag in flags if flag.startswith("-D")]
    defines = [macro for macro in defines if macro.split("=")[0] not in ["_DEFAULT_SOURCE", "_XOPEN_SOURCE"]]

    # One library holds the flags of them all, and the linker drops those that
    # a program does not use.
    return _cc_library(
        "installed",
        hdrs = "glob(%r)" % [include + "/**" for include in includes] if includes else "[]",
        defines = repr(defines + ["BAZEL_SYSTEM_%s=%s" % (ctx.attr.stamp, version)]),
        includes = repr(includes),
        linkopts = repr(["-Wl,--push-state,--as-needed"] +
                        [flag for flag in flags if flag[:2] in ["-L", "-W", "-l", "-p"]] +
                        ["-Wl,--pop-state"]),
        deps = repr(ctx.attr.deps),
    ), installed

def _system_repository_impl(ctx):
    # All labels first: each that Bazel has yet to look up starts this anew.
    files = {path: ctx.path(Label(label)) for path, label in ctx.attr.files.items()}

    hint = "on Debian: apt-get install pkg-config " + ctx.attr.apt
    packages, installed = {"": []}, []
    if ctx.attr.packages:
        library, installed = _installed_library(ctx, hint)
        packages[""].append(library)
    for target, word in ctx.attr.libraries.items():
        folder, _, name = target.rpartition(":")
        if not word or word.startswith("-l") or word in installed:
            packages[folder] = packages.get(folder, []) + [_cc_library(
                name,
                linkopts = repr([word] if word.startswith("-l") else []),
                deps = repr(["//:installed"]),
            )]

    for path, target in ctx.attr.links.items():
        source = ctx.path(target) if target.startswith("/") else ctx.which(target)
        if not source or not source.exists:
            fail("%s: no %s; %s" % (ctx.name, target, hint))
        ctx.symlink(source, path)
    for path, source in files.items():
        folder, _, name = path.rpartition("/")
        packages[folder] = packages.get(folder, [])
        if name == "BUILD.bazel":
            packages[folder].append("\n" + ctx.read(source))
        else:
            ctx.symlink(source, path)
    for folder, parts in packages.items():
        ctx.file((folder + "/" if folder else "") + "BUILD.bazel", "\n".join([
            "load(\"@rules_cc//cc:defs.bzl\", \"cc_library\")",
            "",
            "package(default_visibility = [\"//visibility:public\"])",
        ] + parts) + "\n")

system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "apt": attr.string(mandatory = True, doc = "Debian packages, to name when something lacks"),
        "deps": attr.string_list(doc = "labels that all of the libraries need"),
        "files": attr.string_dict(doc = "path in the repository to a file of this tree; a BUILD.bazel is added to the one made here"),
        "libraries": attr.string_dict(doc = "'folder:name' to a -l flag of its own, to a pkg-config package without which it is left out, or to nothing"),
        "links": attr.string_dict(doc = "path in the repository to a program or to a path of the machine"),
        "packages": attr.string_list(doc = "pkg-config packages, 'absl_*' for all that begin so; none for sources that are compiled here"),
        "stamp": attr.string(doc = "name for the version on the command line; with packages"),
    },
    configure = True,
    environ = ["PATH", "PKG_CONFIG_PATH"],
    local = True,
)

def system_libraries():
    """The libraries that the tree uses."""
    system_repository(
        name = "com_google_absl",
        apt = "libabsl-dev",
        libraries = _absl_libraries(),
        packages = ["absl_*"],
        stamp = "ABSL",
    )
    system_repository(
        name = "com_google_protobuf",
        apt = "libprotobuf-dev protobuf-compiler",
        files = {
            "BUILD.bazel": "//bazel/system:protobuf.BUILD",
            "bazel/cc_proto_library.bzl": "//bazel/system:cc_proto_library.bzl",
            "bazel/proto_library.bzl": "//bazel/system:proto_library.bzl",
        },
        libraries = {":protobuf": ""},
        links = {
            # Not where an include in quotes finds the headers beside them, which are those of the compiler's folder.
            "protos/google/protobuf": "/usr/include/google/protobuf",
            "protoc": "protoc",
        },
        packages = ["protobuf"],
        stamp = "PROTOBUF",
    )
    system_repository(
        name = "com_github_grpc_grpc",
        apt = "libgrpc++-dev protobuf-compiler-grpc",
        deps = [
            "@com_google_absl//:installed",
            "@com_google_protobuf//:protobuf",
        ],
        files = {
            "BUILD.bazel": "//bazel/system:grpc.BUILD",
            "bazel/cc_grpc_library.bzl": "//bazel/system:cc_grpc_library.bzl",
        },
        libraries = {
            ":grpc++": "",
            ":grpc++_error_details": "-lgrpc++_error_details",
            ":grpc++_reflection": "-lgrpc++_reflection",
            ":grpc++_test": "",
            ":grpcpp_channelz": "-lgrpcpp_channelz",
        },
        links = {"grpc_cpp_plugin": "grpc_cpp_plugin"},
        packages = ["grpc++", "grpc", "gpr"],
        stamp = "GRPC",
    )
    system_repository(
        name = "openssl",
        apt = "libssl-dev",
        libraries = {
            ":crypto": "",
            ":ssl": "-lssl",
        },
        packages = ["libcrypto"],
        stamp = "OPENSSL",
    )
    system_repository(
        name = "com_google_googletest",
        apt = "libgtest-dev libgmock-dev",
        libraries = {
            ":gtest": "",
            ":gtest_main": "-lgmock_main",
        },
        packages = ["gmock", "gtest"],
        stamp = "GTEST",
    )
    system_repository(
        name = "com_github_google_benchmark",
        apt = "libbenchmark-dev",
        libraries = {
            ":benchmark": "",
            ":benchmark_main": "-lbenchmark_main",
        },
        packages = ["benchmark"],
        stamp = "BENCHMARK",
    )
    system_repository(
        name = "cli11",
        apt = "libcli11-dev",
        libraries = {":cli11": ""},
        packages = ["CLI11"],
        stamp = "CLI11",
    )
    system_repository(
        name = "ncurses",
        apt = "libncurses-dev",
        libraries = {":ncurses": ""},
        packages = ["ncursesw"],
        stamp = "NCURSES",
    )
    system_repository(
        name = "libseccomp",
        apt = "libseccomp-dev",
        libraries = {":seccomp": ""},
        packages = ["libseccomp"],
        stamp = "LIBSECCOMP",
    )
    system_repository(
        name = "zlib",
        apt = "zlib1g-dev",
        libraries = {":zlib": ""},
        packages = ["zlib"],
        stamp = "ZLIB",
    )
    system_repository(
        name = "llhttp",
        apt = "node-llhttp",
        files = {"BUILD.bazel": "//bazel/system:llhttp.BUILD"},
        links = {
            "api.c": "/usr/share/llhttp/api.c",
            "http.c": "/usr/share/llhttp/http.c",
            "llhttp.c": "/usr/share/llhttp/llhttp.c",
            "llhttp.h": "/usr/share/include/llhttp/llhttp.h",
        },
    )

def _shim_repository_impl(ctx):
    links = {path: ctx.path(Label(label)) for path, label in ctx.attr.links.items()}
    for path, source in links.items():
        ctx.symlink(source, path)
    for path, text in ctx.attr.texts.items():
        ctx.file(path, text)

shim_repository = repository_rule(
    implementation = _shim_repository_impl,
    attrs = {
        "links": attr.string_dict(doc = "path in the repository to a file of this tree"),
        "texts": attr.string_dict(doc = "path in the repository to what it holds"),
    },
)

def _natives(names):
    return "".join(["%s = native.%s\n" % (name, name) for name in names.split(" ")])

def bazel_repositories():
    """What Bazel would fetch from GitHub for itself."""
    if hasattr(native, "package_relative_label"):
        # Bazel 7 in Debian comes with what it wants. (Debian's Bazels do not
        # know their version: native.bazel_version is empty.)
        for name, folder in {
            "bazel_skylib": "tools/skylib",
            "rules_cc": "rules/cc",
            "rules_java": "rules/java",
            "rules_license": "rules/license",
            "rules_proto": "rules/proto",
            "rules_python": "rules/python",
        }.items():
            native.local_repository(name = name, path = "/usr/share/bazel/" + folder)
    else:
        # Bazel 4 has these rules within.
        shim_repository(
            name = "rules_cc",
            texts = {
                "cc/BUILD.bazel": "",
                "cc/defs.bzl": _natives("cc_binary cc_import cc_library cc_test cc_toolchain cc_toolchain_suite"),
            },
        )
        shim_repository(
            name = "rules_java",
            texts = {
                "java/BUILD.bazel": "",
                "java/defs.bzl": _natives("java_binary java_import java_library java_runtime java_toolchain"),
            },
        )
    shim_repository(
        name = "remote_coverage_tools",
        links = {"coverage.py": "//bazel/system:coverage.py"},
        texts = {"BUILD.bazel": """
[
    sh_binary(
        name = name,
        srcs = ["coverage.py"],
        visibility = ["//visibility:public"],
    )
    for name in ["coverage_report_generator", "lcov_merger"]
]
"""},
    )

def system_deps():
    bazel_repositories()
    system_libraries()
