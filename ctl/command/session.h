#ifndef MUSTER_CTL_COMMAND_SESSION_H_
#define MUSTER_CTL_COMMAND_SESSION_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/ctl/command/arguments.h"
#include "muster/ctl/command/command_list.h"
#include "muster/ctl/master/master_connection.h"
#include "muster/ctl/master/named_masters.h"
#include "muster/ctl/text/output.h"

namespace muster::ctl {

// What a command works with that is more, or less, than one call to one master.
struct Session {
  const Arguments& arguments;
  Output output = Output::kTable;
  std::optional<absl::Duration> timeout;  // unset: the default of each call
  // Connects to the master that the command line names.
  std::function<absl::StatusOr<MasterConnection>()> connect;
  // Reads the file of named masters; empty if there is none.
  std::function<absl::StatusOr<NamedMasters>()> named_masters;
  // The folder to which relative paths are relative.
  std::string directory;
  // What can be written on a command line.
  const CommandList& list;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_SESSION_H_
