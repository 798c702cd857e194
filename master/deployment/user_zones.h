#ifndef MUSTER_MASTER_DEPLOYMENT_USER_ZONES_H_
#define MUSTER_MASTER_DEPLOYMENT_USER_ZONES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/field_rules.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// The zones of `config`: those of `current` that are wanted again, found by name, and new ones for
// the other names. FailedPrecondition: a zone is wanted again with another size. Errors have the
// field; what was made is then dropped, and `current` is as it was.
absl::StatusOr<worker::UserZones> MakeZones(const config::v1::Config& config,
                                            const worker::UserZones& current);

// The zones of `current` that `config` wants with another size, which a reload cannot give them.
std::vector<config::FieldMistake> ForbiddenSizes(const config::v1::Config& config,
                                                 const worker::UserZones& current);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_USER_ZONES_H_
