#include "muster/ctl/manual/man_page.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/cli/version.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/manual/overview.h"

namespace muster::ctl {
namespace {

// Text as it is: no character of it is a request or an escape of troff.
std::string Escaped(absl::string_view text) {
  std::string result = absl::StrReplaceAll(text, {{"\\", "\\e"},
                                                  {"-", "\\-"},
                                                  {"'", "\\(aq"},
                                                  {"`", "\\(ga"},
                                                  {"^", "\\(ha"},
                                                  {"~", "\\(ti"}});
  if (absl::StartsWith(result, ".")) result.insert(0, "\\&");
  return result;
}

// A text of --help: lines that are indented stay as they are, others are filled.
std::string Body(absl::string_view text) {
  std::string result;
  bool is_example = false;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const bool is_indented = absl::StartsWith(line, "  ");
    if (is_indented != is_example) {
      absl::StrAppend(&result, is_indented ? ".PP\n.nf\n.RS 4\n" : ".RE\n.fi\n");
      is_example = is_indented;
    }
    if (line.empty()) {
      absl::StrAppend(&result, ".PP\n");
    } else {
      absl::StrAppend(&result, Escaped(is_indented ? line.substr(2) : line), "\n");
    }
  }
  if (is_example) absl::StrAppend(&result, ".RE\n.fi\n");
  // A paragraph before another one is nothing.
  return absl::StrReplaceAll(result, {{".PP\n.PP\n", ".PP\n"}});
}

std::string ParameterText(const Parameter& parameter) {
  const std::vector<std::string> forms = absl::StrSplit(parameter.name, ',');
  std::string head = absl::StrJoin(forms, ", ", [](std::string* text, const std::string& form) {
    absl::StrAppend(text, "\\fB", Escaped(form), "\\fR");
  });
  if (parameter.value[0] != '\0') absl::StrAppend(&head, " \\fI", Escaped(parameter.value), "\\fR");
  return absl::StrCat(".TP\n", head, "\n", Escaped(HelpOf(parameter)), ".\n");
}

// "ctl events [-f] [--from NUMBER]", "ctl call ID".
std::string Usage(const Command& command) {
  std::string usage = absl::StrCat("ctl ", command.name);
  for (const Parameter& parameter : command.parameters) {
    const std::vector<std::string> forms = absl::StrSplit(parameter.name, ',');
    std::string one = forms.back();
    if (parameter.value[0] != '\0') absl::StrAppend(&one, " ", parameter.value);
    if (parameter.is_repeated) one += "...";
    absl::StrAppend(&usage, " ", parameter.is_required ? one : absl::StrCat("[", one, "]"));
  }
  return usage;
}

}  // namespace

std::string ManPage(const CommandList& list) {
  std::string text = absl::StrCat(
      ".TH CTL 1 \"\" \"muster ", cli::kVersion, "\" \"muster\"\n",
      ".SH NAME\nctl \\- operate a running muster master\n",
      ".SH SYNOPSIS\n.B ctl\n[\\fIOPTION\\fR...] \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n",
      ".SH DESCRIPTION\n", Body(kWhichMaster), ".SH OPTIONS\n");
  for (const Parameter& parameter : list.options) text += ParameterText(parameter);
  absl::StrAppend(&text, ".SH COMMANDS\n");
  for (const Command* command : list.commands) {
    absl::StrAppend(&text, ".SS \"", Escaped(Usage(*command)), "\"\n", Escaped(command->summary),
                    ".\n");
    for (const Parameter& parameter : command->parameters) text += ParameterText(parameter);
    absl::StrAppend(&text, ".PP\n", Body(command->details));
  }
  absl::StrAppend(&text, ".SH EXIT STATUS\n", Body(kExitCodes), ".SH ENVIRONMENT\n");
  for (const Parameter& parameter : list.options) {
    if (parameter.environment[0] == '\0') continue;
    const std::vector<std::string> forms = absl::StrSplit(parameter.name, ',');
    absl::StrAppend(&text, ".TP\n.B ", parameter.environment, "\nInstead of ",
                    Escaped(forms.back()), ".\n");
  }
  absl::StrAppend(&text, ".TP\n.B NO_COLOR\nNo colours, if it is not empty.\n");
  absl::StrAppend(&text, ".SH FILES\n.TP\n.I ", Escaped("~/.config/muster/ctl.textproto"),
                  "\nThe named masters.\n");
  absl::StrAppend(&text, ".SH EXAMPLES\n", Body(kExamples));
  return text;
}

}  // namespace muster::ctl
