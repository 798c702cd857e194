#include "muster/cli/wrong_usage.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/cli/spelling.h"

namespace muster::cli {
namespace {

std::string Quoted(absl::string_view word) { return absl::StrCat("\"", word, "\""); }

std::string DidYouMean(absl::string_view word) {
  return absl::StrCat("; did you mean ", Quoted(word), "?");
}

// The subcommand that was given, the innermost one; else the program itself.
const CLI::App& Chosen(const CLI::App& app) {
  const std::vector<CLI::App*> given = app.get_subcommands();
  return given.empty() ? app : Chosen(*given.front());
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// Of all options, without their dashes.
std::vector<std::string> LongNamesOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* one = &Chosen(app); one != nullptr; one = one->get_parent()) {
    for (const CLI::Option* option : one->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back(name);
    }
  }
  return names;
}

std::string UnknownOption(const CLI::App& app, const std::string& argument) {
  const std::string option = argument.substr(0, argument.find('='));
  const std::string word = option.substr(option.find_first_not_of('-'));
  // One letter is near to any other.
  const std::string meant = word.size() < 2 ? "" : LikelyMeant(word, LongNamesOf(app));
  return absl::StrCat("unknown option ", Quoted(option),
                      meant.empty() ? "" : DidYouMean(absl::StrCat("--", meant)));
}

std::string UnexpectedArgument(const CLI::App& app, const std::string& argument,
                               const Advice& advice) {
  const CLI::App& chosen = Chosen(app);
  const std::vector<std::string> commands = CommandsOf(chosen);
  const std::vector<std::string> options = LongNamesOf(app);
  if (std::find(options.begin(), options.end(), argument) != options.end()) {
    return absl::StrCat("unexpected argument ", Quoted(argument),
                        DidYouMean(absl::StrCat("--", argument)));
  }
  if (commands.empty() && &chosen != &app) {
    const bool takes_none =
        chosen.get_options([](const CLI::Option* option) { return option->get_positional(); })
            .empty();
    return absl::StrCat("unexpected argument ", Quoted(argument), "; ", chosen.get_name(),
                        takes_none ? " takes none" : " takes no more");
  }
  if (commands.empty()) {
    const std::string instead = advice ? advice(argument) : "";
    return absl::StrCat("unexpected argument ", Quoted(argument),
                        instead.empty() ? "" : DidYouMean(instead));
  }
  const std::string meant = LikelyMeant(argument, commands);
  return absl::StrCat("unknown command ", Quoted(argument),
                      meant.empty()
                          ? absl::StrCat("; the commands are ", absl::StrJoin(commands, ", "))
                          : DidYouMean(meant));
}

// "--config" of "--config: 1 required FILE missing" and the like: of `app` or of a program around
// it. Null: the text names none.
const CLI::App* OwnerOfOptionIn(const CLI::App& app, absl::string_view text) {
  const std::string name(text.substr(0, text.find_first_of(": ")));
  for (const CLI::App* one = &app; one != nullptr; one = one->get_parent()) {
    if (one->get_option_no_throw(name) != nullptr) return one;
  }
  return nullptr;
}

// The same option.
const CLI::Option* OptionNamedIn(const CLI::App& app, absl::string_view text) {
  const CLI::App* const owner = OwnerOfOptionIn(app, text);
  if (owner == nullptr) return nullptr;
  return owner->get_option_no_throw(std::string(text.substr(0, text.find_first_of(": "))));
}

// "ctl worker restart".
std::string WordsOf(const CLI::App& app) {
  const CLI::App* const parent = app.get_parent();
  return parent == nullptr ? app.get_name() : absl::StrCat(WordsOf(*parent), " ", app.get_name());
}

std::string Usage(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  return absl::StrCat(option.get_name(false, true), " ", option.get_type_name());
}

}  // namespace

CLI::Validator OneOf(std::vector<std::string> names) {
  return CLI::Validator(
      [names = std::move(names)](const std::string& word) -> std::string {
        if (std::find(names.begin(), names.end(), word) != names.end()) return "";
        const std::string meant = LikelyMeant(word, names);
        return absl::StrCat(Quoted(word), " is none of ", absl::StrJoin(names, ", "),
                            meant.empty() ? "" : DidYouMean(meant));
      },
      "");
}

std::string HelpAfter(const CLI::App& app, const CLI::Error& error) {
  const CLI::App& chosen = Chosen(app);
  const CLI::App* const owner =
      app.remaining(/*recurse=*/true).empty() ? OwnerOfOptionIn(chosen, error.what()) : nullptr;
  return absl::StrCat(WordsOf(owner != nullptr ? *owner : chosen), " --help");
}

std::string WrongUsage(const CLI::App& app, const CLI::Error& error, const Advice& advice) {
  // What the parser did not know it tells last, and not at all if something else is missing.
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  for (const std::string& argument : unknown) {
    if (argument.size() > 1 && argument[0] == '-' && argument != "--") {
      return UnknownOption(app, argument);
    }
  }
  if (!unknown.empty()) return UnexpectedArgument(app, unknown.front(), advice);

  const std::string text = error.what();
  const CLI::App& chosen = Chosen(app);
  const CLI::Option* option = OptionNamedIn(chosen, text);
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::RequiredError:
      if (option != nullptr) return absl::StrCat(Usage(*option), " is missing");
      return absl::StrCat("a command is missing; the commands ",
                          &chosen == &app ? "" : absl::StrCat("of ", chosen.get_name(), " "),
                          "are ", absl::StrJoin(CommandsOf(chosen), ", "));
    case CLI::ExitCodes::ArgumentMismatch:
      if (option == nullptr) break;
      if (absl::StrContains(text, "missing")) {
        return absl::StrCat(option->get_name(), " needs a value: ", Usage(*option));
      }
      return absl::StrCat(option->get_name(), " is given more than once");
    case CLI::ExitCodes::ConversionError:
      // Of "--test=yes": all options with a value are read as texts here.
      for (const CLI::Option* flag : chosen.get_options()) {
        if (flag->get_items_expected_max() == 0 &&
            absl::StrContains(text, absl::StrCat(flag->get_name(), " "))) {
          return absl::StrCat(flag->get_name(), " takes no value");
        }
      }
      break;
    case CLI::ExitCodes::ExcludesError:
      return absl::StrCat(absl::string_view(text).substr(0, text.find(' ')), " and ",
                          absl::string_view(text).substr(text.rfind(' ') + 1),
                          " exclude each other");
    default:
      break;
  }
  return text;
}

}  // namespace muster::cli
