#ifndef MUSTER_MASTER_DEPLOYMENT_STORED_ZONE_H_
#define MUSTER_MASTER_DEPLOYMENT_STORED_ZONE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/zone/user_zone.h"

namespace muster::master {

// The zone `name` of a master that has ended, from its memory, which the service manager kept. The
// processes that took part are dead, or end soon: what the dead held is released, and who comes
// across it is told. The bell is a new one. Takes long for a large zone. Errors: it is not a zone
// of this version, or not the one with that instance and size; its memory is then as it was.
absl::StatusOr<std::shared_ptr<const worker::UserZone>> AdoptStoredZone(const std::string& name,
                                                                        std::uint64_t size_bytes,
                                                                        std::uint64_t instance_id,
                                                                        ipc::UniqueFd memory);

}  // namespace muster::master

#endif  // MUSTER_MASTER_DEPLOYMENT_STORED_ZONE_H_
