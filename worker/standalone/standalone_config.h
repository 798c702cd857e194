#ifndef MUSTER_WORKER_STANDALONE_STANDALONE_CONFIG_H_
#define MUSTER_WORKER_STANDALONE_STANDALONE_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "muster/config/field_places.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/worker.pb.h"

namespace muster::worker {

// A configuration for a worker that no master has started.
struct StandaloneConfig {
  config::v1::Config config;  // as the worker gets it: the log is standard error, no sandbox
  config::FieldPlaces places;
  // Fields in the file that only a master could do something about, in the order of the schema.
  std::vector<std::string> ignored;
  bool had_sandbox = false;  // the file did not turn it off
};

// Reads and checks the configuration in the file `path` as a master does (config/config_file.h).
// `description`: of the worker program that asks. Errors: as ReadConfigFile.
absl::StatusOr<StandaloneConfig> ReadStandaloneConfig(const std::string& path,
                                                      const std::string& prefix,
                                                      const v1::Description& description);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STANDALONE_STANDALONE_CONFIG_H_
