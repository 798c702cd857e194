#include "muster/ctl/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/cli/version.h"
#include "muster/cli/wrong_usage.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/command_table.h"
#include "muster/ctl/manual/overview.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/utf8.h"

namespace muster::ctl {
namespace {

constexpr absl::Duration kLongest = absl::Hours(30 * 24);
constexpr std::size_t kHashDigits = 64;  // of SHA-256

// Why `parameter`, which wants a duration, does not take `text`; empty: it does.
std::string WhyNoDuration(const std::string& text, const Parameter& parameter) {
  absl::Duration duration;
  double number = 0;
  std::string why;
  if (!absl::ParseDuration(text, &duration)) {
    why = absl::SimpleAtod(text, &number) ? absl::StrCat("has no unit; write ", text, "s")
                                          : "is no duration; write 500ms, 30s, 2m";
  } else if (duration < parameter.shortest) {
    why = absl::StrCat("is too short; at least ", absl::FormatDuration(parameter.shortest));
  } else if (duration > kLongest) {
    why = absl::StrCat("is too long; at most ", absl::ToInt64Hours(kLongest), "h");
  }
  return why.empty() ? why : absl::StrCat("\"", text, "\" ", why);
}

// The same for any value. What a call brings is UTF-8; a path need not be.
std::string WhyNoValue(const std::string& text, Parameter::Kind kind) {
  if (text.empty()) return "is empty";
  if (kind == Parameter::Kind::kText && !config::IsUtf8(text)) {
    return absl::StrCat("\"", text, "\" is not UTF-8");
  }
  return "";
}

// The same for a number.
std::string WhyNoNumber(const std::string& text, const Parameter& parameter) {
  const bool is_positive = parameter.kind == Parameter::Kind::kPositive;
  const bool has_digits =
      !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  std::uint64_t number = 0;
  const bool fits = absl::SimpleAtoi(text, &number) && number <= parameter.most;
  if (has_digits && !fits) {
    return absl::StrCat("\"", text, "\" is too large; at most ", parameter.most);
  }
  if (fits && (number > 0 || !is_positive)) return "";
  return absl::StrCat("\"", text, "\" is no whole number", is_positive ? " above 0" : "");
}

// The same for a hash.
std::string WhyNoHash(const std::string& text) {
  const bool is_hash =
      text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (is_hash) return "";
  return absl::StrCat("\"", text, "\" is no hash; ctl config show prints it, ", kHashDigits,
                      " digits of 0-9 and a-f");
}

// "follow" of "-f,--follow"; "FILE" of "FILE".
std::string PlainName(absl::string_view name) {
  const std::size_t comma = name.rfind(',');
  if (comma != name.npos) name.remove_prefix(comma + 1);
  return std::string(absl::StripPrefix(name, "--"));
}

// Has the parser write what is given for `parameter`, which outlives it, to `values`.
void AddParameter(CLI::App& app, const Parameter& parameter, Arguments::Values& values) {
  std::vector<std::string>& given = values[PlainName(parameter.name)];
  if (parameter.kind == Parameter::Kind::kFlag) {
    app.add_flag_callback(
        parameter.name, [&given] { given.emplace_back("true"); }, HelpOf(parameter));
    return;
  }
  CLI::Option* option = app.add_option(parameter.name, given, HelpOf(parameter));
  option->allow_extra_args(false);
  option->required(parameter.is_required);
  option->type_name(parameter.value);
  if (*parameter.environment != '\0') option->envname(parameter.environment);
  const bool is_argument = parameter.name[0] != '-';
  if (!parameter.is_repeated) {
    option->expected(1);
  } else if (is_argument) {
    option->expected(parameter.is_required ? 1 : 0, CLI::detail::expected_max_vector_size);
  } else {
    option->delimiter(',');
  }
  if (*parameter.choices != '\0') {
    option->check(cli::OneOf(absl::StrSplit(parameter.choices, '|')));
  } else if (parameter.kind == Parameter::Kind::kText || parameter.kind == Parameter::Kind::kFile) {
    option->check(
        [kind = parameter.kind](const std::string& text) { return WhyNoValue(text, kind); });
  } else if (parameter.kind == Parameter::Kind::kNumber ||
             parameter.kind == Parameter::Kind::kPositive) {
    option->check([&parameter](const std::string& text) { return WhyNoNumber(text, parameter); });
  } else if (parameter.kind == Parameter::Kind::kDuration) {
    option->check([&parameter](const std::string& text) { return WhyNoDuration(text, parameter); });
  } else if (parameter.kind == Parameter::Kind::kHash) {
    option->check(WhyNoHash);
  }
}

// The group of a command of two words, which the first of its commands adds.
CLI::App& GroupOf(CLI::App& app, const std::string& word) {
  const auto is_it = [&word](const CLI::App* group) { return group->get_name() == word; };
  if (const auto groups = app.get_subcommands(is_it); !groups.empty()) return *groups.front();
  for (const CommandGroup& group : Commands().groups) {
    if (group.name != word) continue;
    CLI::App* added = app.add_subcommand(word, group.summary);
    added->require_subcommand(1);
    return *added;
  }
  MUSTER_CHECK(false, "a command of two words has a group");
}

void AddCommand(CLI::App& app, const Command& command, const Command*& chosen,
                Arguments::Values& values) {
  const std::vector<std::string> words = absl::StrSplit(command.name, ' ');
  CLI::App& parent = words.size() == 1 ? app : GroupOf(app, words.front());
  CLI::App* subcommand = parent.add_subcommand(words.back(), command.summary);
  subcommand->footer(command.details);
  for (const Parameter& parameter : command.parameters) {
    AddParameter(*subcommand, parameter, values);
  }
  subcommand->callback([&chosen, &command] { chosen = &command; });
}

std::string FailureMessage(const CLI::App* app, const CLI::Error& error) {
  return Printable(absl::StrCat("ctl: ", cli::WrongUsage(*app, error), "\nSee ",
                                cli::HelpAfter(*app, error), ".\n"));
}

}  // namespace

std::variant<Invocation, ExitCode> ParseCommandLine(int argc, char** argv) {
  Invocation invocation;
  CLI::App app("Operates a running muster master through its admin service.", "ctl");
  app.footer(absl::StrCat(kWhichMaster, "\n\n", kExitCodes, "\n\nExamples:\n", kExamples));
  app.set_version_flag("--version", absl::StrCat("muster ", cli::kVersion));
  app.fallthrough();  // `ctl status -o json` is `ctl -o json status`
  app.require_subcommand(1);
  Arguments::Values options;
  for (const Parameter& parameter : Commands().options) AddParameter(app, parameter, options);
  // Parsed values are written here, for each command, whichever is chosen.
  std::map<const Command*, Arguments::Values> values;
  for (const Command* command : Commands().commands) {
    AddCommand(app, *command, invocation.command, values[command]);
  }
  app.failure_message(FailureMessage);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::kDone : ExitCode::kUsage;
  }
  const Arguments given(std::move(options));
  invocation.arguments = Arguments(std::move(values[invocation.command]));
  invocation.masters = {.masters = given.text("master"), .is_insecure = given.has("insecure")};
  invocation.config = given.text("ctl-config");
  invocation.output = given.text("output") == "json" ? Output::kJson : Output::kTable;
  invocation.timeout = given.duration("timeout");
  return invocation;
}

}  // namespace muster::ctl
