#ifndef MUSTER_WORKER_RUNTIME_PROGRAM_H_
#define MUSTER_WORKER_RUNTIME_PROGRAM_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/runtime/service.h"

namespace muster::worker {

// A worker program: what it serves, and what a configuration may tell it.
struct Program {
  ServiceFactory make_service;
  // The messages that may stand in `service` of a configuration: Context::ServiceConfig.
  std::vector<const google::protobuf::Descriptor*> config_types = {};
  // The names that `handler` of a location may have.
  std::vector<std::string> handlers = {};
};

// What a master has to know of a program to read a configuration for it.
v1::Description Describe(const Program& program);

// InvalidArgument: `service` is for another program.
absl::Status CheckServiceType(const Program& program, const config::v1::Config& config);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_PROGRAM_H_
