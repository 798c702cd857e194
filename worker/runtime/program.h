#ifndef MUSTER_WORKER_RUNTIME_PROGRAM_H_
#define MUSTER_WORKER_RUNTIME_PROGRAM_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/proto/worker.pb.h"
#include "muster/worker/runtime/service.h"
#include "muster/worker/sandbox/sandbox_needs.h"

namespace muster::worker {

// A worker program: the service that it makes, and what a configuration for it may contain.
struct Program {
  // Called once in each worker process.
  ServiceFactory make_service;
  // The message types that `service` of a configuration may have (Context::ServiceConfig). Pointers
  // to generated descriptors, which live as long as the process.
  std::vector<const google::protobuf::Descriptor*> config_types = {};
  // The names that `handler` of a location may have.
  std::vector<std::string> handlers = {};
  // What the program needs of the system. With it, the worker enters a sandbox before make_service
  // is called, unless `sandbox` of the configuration is OFF. Null: it enters none.
  SandboxFactory sandbox = nullptr;
};

// Returns what a master needs to know of a program to read a configuration for it. This is what
// --describe writes.
v1::Description Describe(const Program& program);

// Checks that `service` of the configuration is empty or one of the program's types.
// InvalidArgument: it is for another program.
absl::Status CheckServiceType(const Program& program, const config::v1::Config& config);

}  // namespace muster::worker

#endif  // MUSTER_WORKER_RUNTIME_PROGRAM_H_
