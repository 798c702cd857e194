#ifndef CTL_INVOCATION_H_
#define CTL_INVOCATION_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ctl/master_connection.h"
#include "ctl/output.h"

namespace muster::ctl {

// What a command line asks for.
struct Invocation {
  std::optional<std::string> master;  // unset: look where masters usually are
  Output output = Output::kTable;
  std::optional<absl::Duration> timeout;  // unset: each command has its own
  // Carries the command out and prints its outcome on standard output. The message of an error
  // is for the person who gave the command.
  absl::Status (*command)(MasterConnection& master, Output output) = nullptr;
};

}  // namespace muster::ctl

#endif  // CTL_INVOCATION_H_
