#include "muster/worker/runtime/command_line.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/cli/callers_directory.h"
#include "muster/cli/spelling.h"
#include "muster/ipc/base/status.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

constexpr char kHelpFlag[] = "--help";
constexpr char kVersionFlag[] = "--version";
constexpr char kStandaloneFlag[] = "--standalone";
constexpr char kConfigFlag[] = "--config";
constexpr char kPrefixFlag[] = "--prefix";

// "  service    my.chat.v1.Chat"
std::string Knowledge(const Program& program) {
  std::vector<std::string> types;
  for (const auto* type : program.config_types) types.emplace_back(type->full_name());
  std::string text;
  if (!types.empty()) {
    absl::StrAppend(&text, "\n  service { ... } may contain: ", absl::StrJoin(types, ", "));
  }
  if (!program.handlers.empty()) {
    absl::StrAppend(&text, "\n  handler may be: ", absl::StrJoin(program.handlers, ", "));
  }
  return text.empty() ? "" : absl::StrCat("\nIn a configuration for this program:", text, "\n");
}

std::optional<Wish> AloneWish(absl::string_view argument) {
  if (argument == kDescribeFlag) return Wish::kDescribe;
  if (argument == kHelpFlag || argument == "-h") return Wish::kHelp;
  if (argument == kVersionFlag) return Wish::kVersion;
  return std::nullopt;
}

absl::Status Unknown(const std::string& argument) {
  const bool is_option = absl::StartsWith(argument, "-");
  const std::size_t begin = argument.find_first_not_of('-');
  const std::string meant =
      begin == argument.npos
          ? ""
          : cli::LikelyMeant(argument.substr(begin),
                             {kDescribeFlag + 2, kHelpFlag + 2, kVersionFlag + 2,
                              kStandaloneFlag + 2, kConfigFlag + 2, kPrefixFlag + 2});
  return absl::InvalidArgumentError(
      absl::StrCat(is_option ? "unknown option" : "unexpected argument", " \"", argument, "\"",
                   meant.empty() ? "" : absl::StrCat("; did you mean \"--", meant, "\"?")));
}

// The value of the option `-c FILE`, `--config FILE`, or `--config=FILE` at `*place`, which comes
// to be the last argument of it. Nothing: another option is there.
std::optional<absl::StatusOr<std::string>> ValueOf(const char* short_flag, const char* long_flag,
                                                   int argc, const char* const* argv, int* place) {
  absl::string_view argument = argv[*place];
  if (absl::ConsumePrefix(&argument, long_flag) && absl::ConsumePrefix(&argument, "=")) {
    return std::string(argument);
  }
  argument = argv[*place];
  if (argument != short_flag && argument != long_flag) return std::nullopt;
  if (*place + 1 < argc) return std::string(argv[++*place]);
  return absl::InvalidArgumentError(absl::StrCat(argument, " has no value"));
}

absl::StatusOr<Invocation> ParseStandalone(int argc, const char* const* argv,
                                           const std::string& directory) {
  Invocation invocation;
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == absl::string_view(kStandaloneFlag)) {
      invocation.wish = Wish::kStandalone;
    } else if (auto file = ValueOf("-c", kConfigFlag, argc, argv, &i)) {
      MUSTER_ASSIGN_OR_RETURN(invocation.config_file, *std::move(file));
    } else if (auto folder = ValueOf("-p", kPrefixFlag, argc, argv, &i)) {
      MUSTER_ASSIGN_OR_RETURN(invocation.prefix, *std::move(folder));
    } else {
      return Unknown(argv[i]);
    }
  }
  if (invocation.wish != Wish::kStandalone) {
    return absl::InvalidArgumentError(
        absl::StrCat(argv[1], " is for ", kStandaloneFlag,
                     "; a master reads the configuration itself: master -c FILE --worker PROGRAM"));
  }
  if (invocation.config_file.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(kStandaloneFlag, " needs a configuration: ", kStandaloneFlag, " -c FILE"));
  }
  invocation.config_file = cli::Absolute(directory, invocation.config_file);
  invocation.prefix = invocation.prefix.empty()
                          ? std::filesystem::path(invocation.config_file).parent_path().string()
                          : cli::Absolute(directory, invocation.prefix);
  return invocation;
}

}  // namespace

absl::StatusOr<Invocation> ParseCommandLine(int argc, const char* const* argv,
                                            const std::string& directory) {
  if (argc < 2) return Invocation{};
  const std::string first = argv[1];
  if (const std::optional<Wish> alone = AloneWish(first)) {
    if (argc == 2) return Invocation{*alone};
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument \"", argv[2], "\"; ", first, " is given alone"));
  }
  return ParseStandalone(argc, argv, directory);
}

std::string HelpText(const std::string& name, const Program& program) {
  return absl::StrCat(
      "This is a worker program of muster: it serves clients. A master starts it, without\n"
      "arguments, and passes it the configuration and the listening sockets:\n"
      "\n"
      "  master -c FILE --worker ",
      name,
      "\n"
      "\n"
      "Options, for use without a master:\n"
      "  -h, --help     Print this text and exit\n"
      "  --version      Print the version of muster that the program is built with and exit\n"
      "  --describe     Write to standard output what a configuration for it may contain, and "
      "exit.\n"
      "                 Masters read this: a serialised muster.worker.v1.Description\n"
      "  --standalone   Serve in this process alone, for a debugger or a profiler: the log is\n"
      "                 standard error, there is no sandbox, no reload and no restart. Ends at\n"
      "                 Ctrl-C, INT, TERM and, when all is answered, QUIT. It needs:\n"
      "  -c, --config FILE\n"
      "                 The configuration, the same as for a master\n"
      "  -p, --prefix FOLDER\n"
      "                 The folder of relative paths in the configuration (default: the folder\n"
      "                 of the configuration)\n",
      Knowledge(program),
      "\n"
      "Examples:\n"
      "  ",
      name,
      " --standalone -c muster.textproto\n"
      "  gdb --args ",
      name,
      " --standalone -c muster.textproto\n"
      "\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, or a start that can never work.\n");
}

std::string ByHandText(const std::string& path) {
  return absl::StrCat(
      "this is a worker program; a master starts it, which hands it the configuration and the "
      "sockets. Run: master -c FILE --worker ",
      path, ", or for debugging: ", path, " --standalone -c FILE");
}

std::string ProgramName(int argc, const char* const* argv) {
  const absl::string_view path = argc > 0 ? argv[0] : "worker";
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace muster::worker
