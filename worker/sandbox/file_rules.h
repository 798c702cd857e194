#ifndef MUSTER_WORKER_SANDBOX_FILE_RULES_H_
#define MUSTER_WORKER_SANDBOX_FILE_RULES_H_

#include <set>
#include <string>
#include <vector>

#include "muster/proto/config.pb.h"
#include "muster/worker/sandbox/sandbox_needs.h"

namespace muster::worker {

enum class FileUse {
  kRead,    // a file, or a folder with all that is below it
  kLog,     // a file to append to, which is made anew when it was renamed; it need not exist
  kOutput,  // a device or a FIFO as it is now, to write to; nothing else
  kChange,  // a folder, in which and below which everything may be done
};

struct FileRule {
  std::string path;
  FileUse use;

  bool operator==(const FileRule& other) const = default;
};

// What the configuration has a worker open, and what its program needs. The paths need not exist. A
// log that is standard output or error by another name is not in it, nor is one of `open_logs`,
// which the master opens.
std::vector<FileRule> FileRules(const config::v1::Config& config, const SandboxNeeds& needs,
                                const std::set<std::string>& open_logs = {});

// What each worker of this machine needs, whatever it serves: itself and its libraries, which are
// read for the names in a stack; its own folder of /proc; standard output and error.
std::vector<FileRule> FileRulesOfProcess();

}  // namespace muster::worker

#endif  // MUSTER_WORKER_SANDBOX_FILE_RULES_H_
