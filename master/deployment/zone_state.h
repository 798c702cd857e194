#ifndef MUSTER_MASTER_DEPLOYMENT_ZONE_STATE_H_
#define MUSTER_MASTER_DEPLOYMENT_ZONE_STATE_H_

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "muster/master/keep/descriptor_inheritance.h"
#include "muster/master/keep/descriptor_keep.h"
#include "muster/master/keep/shared_table.h"
#include "muster/proto/state/deployment_state.pb.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// The zones of a master for another program of its process. What is in their memory stays there.
// Saving stores the headers again that a worker may have damaged. Restoring maps the memory and
// writes nothing. InvalidArgument: a zone has another layout than this program's, or is another
// zone; the message has the field, what was found and what is expected.

// With the master's record of the slots. `zone` is the master's.
state::v1::SharedZoneState SaveSharedZone(const worker::SharedZone& zone, DescriptorKeep& keep);
absl::StatusOr<worker::SharedZone> RestoreSharedZone(const state::v1::SharedZoneState& state,
                                                     DescriptorInheritance& descriptors);

// DeploymentState.user_zone, in the order of the table.
google::protobuf::RepeatedPtrField<state::v1::UserZone> SaveUserZones(
    const SharedTable<worker::UserZone>& zones, DescriptorKeep& keep);
absl::StatusOr<SharedTable<worker::UserZone>> RestoreUserZones(
    const google::protobuf::RepeatedPtrField<state::v1::UserZone>& states,
    DescriptorInheritance& descriptors);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_ZONE_STATE_H_
