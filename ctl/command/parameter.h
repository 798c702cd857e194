#ifndef MUSTER_CTL_COMMAND_PARAMETER_H_
#define MUSTER_CTL_COMMAND_PARAMETER_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"

namespace muster::ctl {

// An option or an argument of a command, as its table has it. The parser, --help, the completions
// and the man page are made of it.
struct Parameter {
  enum class Kind {
    kFlag,      // takes no value
    kText,      // any text, or one of `choices`
    kNumber,    // a whole number, 0 to `most`
    kPositive,  // the same from 1 on
    kDuration,  // "500ms", "30s": from `shortest` to 30 days
    kHash,      // of a configuration, as ctl config show prints it
    kFile,      // a path
    kMaster,    // the address or the name of a master
  };

  // "-f,--follow" or "--from" for an option, "FILE" for an argument.
  const char* name;
  Kind kind = Kind::kFlag;
  // How help calls the value of an option: "N". Empty for flags and arguments.
  const char* value = "";
  const char* summary;
  // Of a number.
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  // Of a duration. Not zero.
  absl::Duration shortest = absl::Milliseconds(1);
  // The values that there are, separated by '|': "ready|drained". Empty: any.
  const char* choices = "";
  // The environment variable that has it if the command line has not. Empty: none.
  const char* environment = "";
  bool is_required = false;
  // May be given more than once. An option has several values with commas between as well.
  bool is_repeated = false;
};

// What help says of a parameter: its summary, and its choices.
inline std::string HelpOf(const Parameter& parameter) {
  if (*parameter.choices == '\0') return parameter.summary;
  return absl::StrCat(parameter.summary, " (",
                      absl::StrReplaceAll(parameter.choices, {{"|", ", "}}), ")");
}

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_PARAMETER_H_
