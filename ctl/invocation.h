#ifndef MUSTER_CTL_INVOCATION_H_
#define MUSTER_CTL_INVOCATION_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "muster/ctl/command/arguments.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/master/master_target.h"
#include "muster/ctl/text/output.h"

namespace muster::ctl {

// What a command line asks for (command_line.h).
struct Invocation {
  const Command* command = nullptr;
  Arguments arguments;
  MasterChoice masters;
  // The file of named masters; unset: the usual one, if it is there.
  std::optional<std::string> config;
  Output output = Output::kTable;
  std::optional<absl::Duration> timeout;  // unset: the default of each call
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_INVOCATION_H_
