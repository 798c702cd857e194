#include "muster/ctl/manual/completion.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/ctl/command/command.h"

namespace muster::ctl {
namespace {

bool IsOption(const Parameter& parameter) { return parameter.name[0] == '-'; }
bool HasValue(const Parameter& parameter) { return parameter.kind != Parameter::Kind::kFlag; }

// "-f" and "--follow" of "-f,--follow".
std::vector<std::string> FormsOf(const Parameter& parameter) {
  return absl::StrSplit(parameter.name, ',');
}

// The options of `parameters`, in all forms.
std::vector<std::string> OptionsOf(absl::Span<const Parameter> parameters) {
  std::vector<std::string> forms;
  for (const Parameter& parameter : parameters) {
    if (!IsOption(parameter)) continue;
    for (std::string& form : FormsOf(parameter)) forms.push_back(std::move(form));
  }
  return forms;
}

// The words that may follow the words of a command or of a group, with their summaries.
struct Word {
  std::string word;
  std::string summary;
};
using Words = std::map<std::string, std::vector<Word>>;

Words CommandWords(const CommandList& list) {
  Words words;
  std::set<std::string> seen;
  for (const Command* command : list.commands) {
    const std::vector<std::string> parts = absl::StrSplit(command->name, ' ');
    if (parts.size() == 1) {
      words[""].push_back({parts[0], command->summary});
      continue;
    }
    words[parts[0]].push_back({parts[1], command->summary});
    if (!seen.insert(parts[0]).second) continue;
    for (const CommandGroup& group : list.groups) {
      if (group.name == parts[0]) words[""].push_back({group.name, group.summary});
    }
  }
  return words;
}

// Each option with a value, of all commands. One of a command that has the name of one of all
// commands is completed as that is: --master of upgrade is a file, which that one may be too.
// `action` says what completes the value in that shell.
template <typename Action>
std::string ValueCases(const CommandList& list, const char* indent, Action action) {
  std::map<std::string, std::string> actions;  // forms with '|'
  const std::vector<std::string> common = OptionsOf(list.options);
  const auto add = [&](absl::Span<const Parameter> parameters, bool is_of_command) {
    for (const Parameter& parameter : parameters) {
      if (!IsOption(parameter) || !HasValue(parameter)) continue;
      const std::vector<std::string> forms = FormsOf(parameter);
      const bool is_common = std::find_first_of(forms.begin(), forms.end(), common.begin(),
                                                common.end()) != forms.end();
      if (is_of_command && is_common) continue;
      actions[absl::StrJoin(forms, "|")] = action(parameter);
    }
  };
  add(list.options, false);
  for (const Command* command : list.commands) add(command->parameters, true);
  std::string text;
  for (const auto& [forms, then] : actions) {
    absl::StrAppend(&text, indent, forms, ") ", then, " ;;\n");
  }
  return text;
}

// What completes the arguments of a command. Empty: nothing.
template <typename Action>
std::string ArgumentCases(const CommandList& list, const char* indent, Action action) {
  std::string text;
  for (const Command* command : list.commands) {
    for (const Parameter& parameter : command->parameters) {
      if (IsOption(parameter)) continue;
      const std::string then = action(parameter);
      if (then.empty()) continue;
      absl::StrAppend(&text, indent, "\"", command->name, "\"*) ", then, " ;;\n");
      break;
    }
  }
  return text;
}

std::string Choices(const Parameter& parameter) {
  return absl::StrReplaceAll(parameter.choices, {{"|", " "}});
}

// May have several values with commas between.
bool IsList(const Parameter& parameter) { return parameter.is_repeated && IsOption(parameter); }

// All forms of options that take the next word: to tell it from a command's.
std::string FormsWithValues(const CommandList& list) {
  std::set<std::string> forms;
  const auto add = [&](absl::Span<const Parameter> parameters) {
    for (const Parameter& parameter : parameters) {
      if (!IsOption(parameter) || !HasValue(parameter)) continue;
      for (std::string& form : FormsOf(parameter)) forms.insert(std::move(form));
    }
  };
  add(list.options);
  for (const Command* command : list.commands) add(command->parameters);
  return absl::StrJoin(forms, "|");
}

std::string OptionCases(const CommandList& list) {
  std::string text;
  for (const Command* command : list.commands) {
    const std::vector<std::string> options = OptionsOf(command->parameters);
    if (options.empty()) continue;
    absl::StrAppend(&text, "    \"", command->name, "\"*) options+=\" ",
                    absl::StrJoin(options, " "), "\" ;;\n");
  }
  return text;
}

// Single quotes for a shell.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

constexpr char kMasters[] = "$(ctl masters --names 2>/dev/null)";

}  // namespace

std::string BashCompletion(const CommandList& list) {
  const auto action = [](const Parameter& parameter) -> std::string {
    if (*parameter.choices != '\0') {
      return absl::StrCat("_ctl_offer \"", IsList(parameter) ? "${cur##*,}" : "$cur", "\" -W '",
                          Choices(parameter), "'");
    }
    switch (parameter.kind) {
      case Parameter::Kind::kMaster:
        return "_ctl_masters";
      case Parameter::Kind::kFile:
        return "_ctl_files \"$cur\"";
      default:
        return "";
    }
  };
  const auto value = [&action](const Parameter& parameter) {
    const std::string then = action(parameter);
    return absl::StrCat(then, then.empty() ? "" : "; ", "return");
  };
  std::string words;
  for (const auto& [command, next] : CommandWords(list)) {
    absl::StrAppend(
        &words, "    \"", command, "\") words=\"",
        absl::StrJoin(next, " ", [](std::string* text, const Word& word) { *text += word.word; }),
        "\" ;;\n");
  }
  return absl::StrCat(
      "# Completion of ctl for bash. In ~/.bashrc: source <(ctl completion bash)\n"
      "\n"
      "# Offers what compgen lists for PART, the end of $cur. Bash puts it where its own word is,\n"
      "# which begins after the last ':' or '='. usage: _ctl_offer PART OPTION...\n"
      "_ctl_offer() {\n"
      "  local lead=${cur%\"$1\"} breaks=${COMP_WORDBREAKS//[^:=]/} before='' found\n"
      "  [[ -z $breaks ]] || before=${cur%\"${cur##*[$breaks]}\"}\n"
      "  while IFS= read -r found; do\n"
      "    found=$lead$found\n"
      "    COMPREPLY+=(\"${found#\"$before\"}\")\n"
      "  done < <(compgen \"${@:2}\" -- \"$1\")\n"
      "}\n"
      "_ctl_files() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  _ctl_offer \"$1\" -f\n"
      "}\n"
      "_ctl_masters() {\n"
      "  local last=${cur##*,}\n"
      "  _ctl_offer \"$last\" -W \"",
      kMasters,
      "\"\n"
      "  _ctl_files \"${last#unix:}\"\n"
      "}\n"
      "_ctl() {\n"
      "  local line=$COMP_LINE command='' words='' options='",
      absl::StrJoin(OptionsOf(list.options), " "),
      "' i\n"
      "  # Bash separates words at ':' and '=' as well: those without a space between are joined.\n"
      "  local -a typed=()\n"
      "  for ((i = 0; i <= COMP_CWORD; ++i)); do\n"
      "    if ((i == 0)) || [[ $line == [[:space:]]* ]]; then\n"
      "      typed+=(\"${COMP_WORDS[i]}\")\n"
      "    else\n"
      "      typed[-1]+=${COMP_WORDS[i]}\n"
      "    fi\n"
      "    line=${line#\"${line%%[![:space:]]*}\"}\n"
      "    line=${line#\"${COMP_WORDS[i]}\"}\n"
      "  done\n"
      "  # As it is without the quotes of the shell.\n"
      "  local cur=${typed[-1]//[\\\\\\'\\\"]/} prev=${typed[-2]}\n"
      "  if [[ $cur == --*=* ]]; then\n"
      "    prev=${cur%%=*}\n"
      "    cur=${cur#*=}\n"
      "  fi\n"
      "  COMPREPLY=()\n"
      "  case $prev in\n",
      ValueCases(list, "    ", value),
      "  esac\n"
      "  for ((i = 1; i < ${#typed[@]} - 1; ++i)); do\n"
      "    case ${typed[i]} in\n"
      "      ",
      FormsWithValues(list),
      ") ((++i)) ;;\n"
      "      -*) ;;\n"
      "      *) command+=${command:+ }${typed[i]} ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n",
      OptionCases(list),
      "  esac\n"
      "  if [[ $cur == -* ]]; then\n"
      "    _ctl_offer \"$cur\" -W \"$options\"\n"
      "    return\n"
      "  fi\n"
      "  case $command in\n",
      words, ArgumentCases(list, "    ", action),
      "  esac\n"
      "  [[ -z $words ]] || _ctl_offer \"$cur\" -W \"$words\"\n"
      "}\n"
      "complete -F _ctl ctl\n");
}

std::string ZshCompletion(const CommandList& list) {
  const auto action = [](const Parameter& parameter) -> std::string {
    if (*parameter.choices != '\0') {
      return absl::StrCat(IsList(parameter) ? "compset -P '*,'; " : "", "compadd -- ",
                          Choices(parameter));
    }
    switch (parameter.kind) {
      case Parameter::Kind::kMaster:
        return absl::StrCat("compset -P '*,'; compadd -- ${(f)\"", kMasters,
                            "\"}; compset -P 'unix:'; _files");
      case Parameter::Kind::kFile:
        return "_files";
      default:
        return "";
    }
  };
  const auto value = [&action](const Parameter& parameter) {
    const std::string then = action(parameter);
    return absl::StrCat(then, then.empty() ? "" : "; ", "return");
  };
  std::string words;
  for (const auto& [command, next] : CommandWords(list)) {
    absl::StrAppend(&words, "    \"", command, "\")\n      list=(\n");
    for (const Word& word : next) {
      absl::StrAppend(&words, "        ", Quoted(absl::StrCat(word.word, ":", word.summary)), "\n");
    }
    absl::StrAppend(&words, "      )\n      _describe command list ;;\n");
  }
  return absl::StrCat(
      "#compdef ctl\n"
      "# Completion of ctl for zsh: ctl completion zsh >\"${fpath[1]}/_ctl\"\n"
      "_ctl() {\n"
      "  local cur=${words[CURRENT]} prev=${words[CURRENT-1]} command='' i\n"
      "  local -a list\n"
      "  local options='",
      absl::StrJoin(OptionsOf(list.options), " "),
      "'\n"
      "  if [[ $cur == --*=* ]]; then\n"
      "    prev=${cur%%=*}\n"
      "    compset -P 1 '*='\n"
      "  fi\n"
      "  case $prev in\n",
      ValueCases(list, "    ", value),
      "  esac\n"
      "  for ((i = 2; i < CURRENT; ++i)); do\n"
      "    case ${words[i]} in\n"
      "      ",
      FormsWithValues(list),
      ") ((++i)) ;;\n"
      "      -*) ;;\n"
      "      *) command+=${command:+ }${words[i]} ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n",
      OptionCases(list),
      "  esac\n"
      "  if [[ $cur == -* ]]; then\n"
      "    compadd -- ${=options}\n"
      "    return\n"
      "  fi\n"
      "  case $command in\n",
      words, ArgumentCases(list, "    ", action),
      "  esac\n"
      "}\n"
      "if [[ ${funcstack[1]} == _ctl ]]; then _ctl \"$@\"; else compdef _ctl ctl; fi\n");
}

std::string FishCompletion(const CommandList& list) {
  // One line for an option: under `condition`, which is empty for all commands.
  const auto option = [](const Parameter& parameter, const std::string& condition) {
    std::string line = "complete -c ctl";
    if (!condition.empty()) absl::StrAppend(&line, " -n ", Quoted(condition));
    for (const std::string& form : FormsOf(parameter)) {
      absl::string_view name = form;
      if (absl::ConsumePrefix(&name, "--")) {
        absl::StrAppend(&line, " -l ", name);
      } else {
        absl::StrAppend(&line, " -s ", form.substr(1));
      }
    }
    if (HasValue(parameter)) {
      const bool has_files =
          parameter.kind == Parameter::Kind::kFile || parameter.kind == Parameter::Kind::kMaster;
      absl::StrAppend(&line, has_files ? " -r -F" : " -x");
      if (parameter.kind == Parameter::Kind::kMaster) {
        absl::StrAppend(&line, " -a '(__ctl_list (ctl masters --names 2>/dev/null))'");
      } else if (IsList(parameter)) {
        absl::StrAppend(&line, " -a ",
                        Quoted(absl::StrCat("(__ctl_list ", Choices(parameter), ")")));
      } else if (*parameter.choices != '\0') {
        absl::StrAppend(&line, " -a ", Quoted(Choices(parameter)));
      }
    }
    return absl::StrCat(line, " -d ", Quoted(parameter.summary), "\n");
  };

  std::string text =
      "# Completion of ctl for fish: ctl completion fish >~/.config/fish/completions/ctl.fish\n"
      "# Offers each word behind what the value of an option has before its last comma.\n"
      "function __ctl_list\n"
      "  set -l before (commandline -ct | string replace -rf -- "
      "'^(?:--[a-z-]+=)?(.*,)[^,]*$' '$1')\n"
      "  for word in $argv\n"
      "    echo \"$before$word\"\n"
      "  end\n"
      "end\n"
      "complete -c ctl -f\n";
  for (const Parameter& parameter : list.options) text += option(parameter, "");
  const Words words = CommandWords(list);
  for (const auto& [command, next] : words) {
    std::string condition = "__fish_use_subcommand";
    if (!command.empty()) {
      condition = absl::StrCat(
          "__fish_seen_subcommand_from ", command, "; and not __fish_seen_subcommand_from ",
          absl::StrJoin(next, " ",
                        [](std::string* names, const Word& word) { *names += word.word; }));
    }
    for (const Word& word : next) {
      absl::StrAppend(&text, "complete -c ctl -n ", Quoted(condition), " -a ", word.word, " -d ",
                      Quoted(word.summary), "\n");
    }
  }
  for (const Command* command : list.commands) {
    const std::string condition =
        absl::StrJoin(std::vector<std::string>(absl::StrSplit(command->name, ' ')), "; and ",
                      [](std::string* all, const std::string& word) {
                        absl::StrAppend(all, "__fish_seen_subcommand_from ", word);
                      });
    for (const Parameter& parameter : command->parameters) {
      if (IsOption(parameter)) {
        text += option(parameter, condition);
      } else if (parameter.kind == Parameter::Kind::kFile) {
        absl::StrAppend(&text, "complete -c ctl -n ", Quoted(condition), " -F\n");
      } else if (*parameter.choices != '\0') {
        absl::StrAppend(&text, "complete -c ctl -n ", Quoted(condition), " -a ",
                        Quoted(Choices(parameter)), "\n");
      }
    }
  }
  return text;
}

}  // namespace muster::ctl
