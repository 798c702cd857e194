#include "muster/tests/support/example.h"

#include <regex>

#include "absl/strings/str_cat.h"
#include "muster/tests/support/child_process.h"

namespace muster::tests {

std::string ExampleConfig(const std::string& name, const std::string& more) {
  std::string config = ReadFile(absl::StrCat("examples/", name, "/muster.textproto"));
  config = std::regex_replace(config, std::regex("127\\.0\\.0\\.1:[0-9]+"), "127.0.0.1:0");
  config = std::regex_replace(config, std::regex("worker_binary: .*"), "");
  return absl::StrCat(config, "\nadmin { listen: \"unix:admin.sock\" }\npid_file: \"muster.pid\"\n",
                      more);
}

std::string ExampleWorker(const std::string& name) {
  return absl::StrCat("examples/", name, "/", name);
}

bool AwaitGeneration(RunningMaster& muster, std::uint64_t generation) {
  return muster.AwaitStatus([=](const admin::v1::Status& status) {
    for (const admin::v1::Worker& worker : status.workers()) {
      if (worker.generation() != generation) return false;
    }
    return status.master().generation() == generation;
  });
}

}  // namespace muster::tests
