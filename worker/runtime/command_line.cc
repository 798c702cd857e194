#include "muster/worker/runtime/command_line.h"

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/cli/spelling.h"
#include "muster/worker/protocol/command.h"

namespace muster::worker {
namespace {

constexpr char kHelpFlag[] = "--help";
constexpr char kVersionFlag[] = "--version";

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

}  // namespace

absl::StatusOr<Wish> ParseCommandLine(int argc, const char* const* argv) {
  if (argc < 2) return Wish::kServe;
  const std::string argument = argv[1];
  if (argc > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument \"", argv[2], "\"; there is one argument at most"));
  }
  if (argument == kDescribeFlag) return Wish::kDescribe;
  if (argument == kHelpFlag || argument == "-h") return Wish::kHelp;
  if (argument == kVersionFlag) return Wish::kVersion;
  const bool is_option = absl::StartsWith(argument, "-");
  const std::size_t begin = argument.find_first_not_of('-');
  const std::string meant =
      begin == argument.npos
          ? ""
          : cli::LikelyMeant(argument.substr(begin),
                             {kDescribeFlag + 2, kHelpFlag + 2, kVersionFlag + 2});
  return absl::InvalidArgumentError(
      absl::StrCat(is_option ? "unknown option" : "unexpected argument", " \"", argument, "\"",
                   meant.empty() ? "" : absl::StrCat("; did you mean \"--", meant, "\"?")));
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
      "                 Masters read this: a serialised muster.worker.v1.Description\n",
      Knowledge(program),
      "\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, or a start that can never work.\n");
}

std::string ByHandText(const std::string& path) {
  return absl::StrCat(
      "this is a worker program; it serves only when a master starts it, which hands it the "
      "configuration and the sockets. Run: master -c FILE --worker ",
      path);
}

std::string ProgramName(int argc, const char* const* argv) {
  const absl::string_view path = argc > 0 ? argv[0] : "worker";
  return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace muster::worker
