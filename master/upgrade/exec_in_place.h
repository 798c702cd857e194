#ifndef MUSTER_MASTER_UPGRADE_EXEC_IN_PLACE_H_
#define MUSTER_MASTER_UPGRADE_EXEC_IN_PLACE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/upgrade/program_file.h"

namespace muster::master {

// Executes `program` in this process, with these arguments, its name first, and this process's
// environment without LISTEN_FDS and the like, which are about descriptors of its first program.
// What `keep` has noted goes along. Returns only if it fails; then nothing has changed. Signals
// that the program is to find pending must be blocked.
absl::Status ExecInPlace(const ProgramFile& program, const std::vector<std::string>& arguments,
                         const DescriptorKeep& keep);

// The environment that it passes on: "NAME=value".
std::vector<std::string> ExecEnvironment();

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_EXEC_IN_PLACE_H_
