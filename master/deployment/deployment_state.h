#ifndef MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_STATE_H_
#define MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_STATE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "muster/master/deployment/deployment.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/master/listen/socket_table.h"
#include "muster/master/process/worker_program.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// A deployment that was committed, for another program of the master's process. Not saved: its
// `places`, which it has no more, and `made_anew`, which was told. A configuration is saved as it
// was made, also by a program that restored it: defaults of fields that are new to it are filled in
// when it is used again. So the program before can take it back.

// What deployments share, while they are saved.
struct DeploymentParts {
  SavedSockets sockets;
  SharedTable<worker::UserZone>& zones;
  SharedTable<WorkerProgram> programs;
  DescriptorKeep& keep;
};
state::v1::Generation SaveDeployment(std::uint64_t number, const Deployment& deployment,
                                     DeploymentParts& parts);

// Whether this program takes the configuration: its rules, not what is in the file system or what
// the worker program says. InvalidArgument: the first mistake, with its place in the canonical
// text: "the configuration of generation 3:7:19: listen[0].address: ...".
absl::Status CheckConfigOf(const state::v1::Generation& state);

// And while they are restored.
struct RestoredParts {
  RestoredSockets sockets;
  const SharedTable<worker::UserZone>& zones;
  SharedTable<WorkerProgram> programs;
  DescriptorInheritance& descriptors;
};
// InvalidArgument: the field is wrong. `state` has no unknown parts, and a configuration that
// CheckConfigOf takes.
absl::StatusOr<Deployment> RestoreDeployment(const state::v1::Generation& state,
                                             RestoredParts& parts);

google::protobuf::RepeatedPtrField<state::v1::Program> SavePrograms(
    const SharedTable<WorkerProgram>& programs, DescriptorKeep& keep);
absl::StatusOr<SharedTable<WorkerProgram>> RestorePrograms(
    const google::protobuf::RepeatedPtrField<state::v1::Program>& states,
    DescriptorInheritance& descriptors);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_DEPLOYMENT_STATE_H_
