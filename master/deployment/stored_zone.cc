#include "muster/master/deployment/stored_zone.h"

#include <sys/eventfd.h>

#include <utility>

#include "muster/ipc/base/status.h"

namespace muster::master {

using worker::UserZone;

absl::StatusOr<std::shared_ptr<const UserZone>> AdoptStoredZone(const std::string& name,
                                                                std::uint64_t size_bytes,
                                                                std::uint64_t instance_id,
                                                                ipc::UniqueFd memory) {
  ipc::UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!bell.valid()) return ipc::ErrnoStatus("eventfd");
  MUSTER_ASSIGN_OR_RETURN(UserZone zone, UserZone::TakeOver(name, size_bytes, instance_id,
                                                            std::move(memory), std::move(bell)));
  zone.BuryDead();
  return std::make_shared<const UserZone>(std::move(zone));
}

}  // namespace muster::master
