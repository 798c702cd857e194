#include "muster/ipc/zone/zone_place.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::ipc {

absl::StatusOr<SharedMemory> ZonePlace::Create(const SharedMemoryOptions& options) const {
  switch (kind_) {
    case Kind::kMemfd:
      return SharedMemory::CreateMemfd(name_, options);
    case Kind::kPosix:
      return SharedMemory::CreatePosix(name_, options);
    case Kind::kFile:
      return SharedMemory::CreateFile(name_, options);
  }
  return absl::InternalError("zone: no such place");
}

absl::StatusOr<SharedMemory> ZonePlace::Attach(SharedMemoryOptions options) const {
  options.trusted = trusted_;
  switch (kind_) {
    case Kind::kMemfd:
      return absl::InvalidArgumentError(absl::StrCat(
          "zone: a memfd (\"", name_, "\") is opened by its descriptor, not by a name"));
    case Kind::kPosix:
      return SharedMemory::AttachPosix(name_, options);
    case Kind::kFile:
      return SharedMemory::AttachFile(name_, options);
  }
  return absl::InternalError("zone: no such place");
}

}  // namespace muster::ipc
