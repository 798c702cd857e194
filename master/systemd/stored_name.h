#ifndef MUSTER_MASTER_SYSTEMD_STORED_NAME_H_
#define MUSTER_MASTER_SYSTEMD_STORED_NAME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::master {

// What a descriptor is called that a master leaves with the service manager for its successor.
// There are never two of one name: "muster-listener-4711", with the number of the socket, and
// "muster-zone-00c0ffee00c0ffee-sessions", with the zone's instance. All are printable ASCII
// without a colon, and shorter than the 255 bytes that systemd takes.
struct StoredName {
  enum class Kind { kListener, kZone };

  Kind kind = Kind::kListener;
  std::uint64_t id = 0;  // the inode of the socket, or the instance of the zone
  std::string zone;      // the zone's name; of a listener empty

  // Nothing: no master calls a descriptor so.
  static std::optional<StoredName> Parse(absl::string_view text);
  std::string ToString() const;

  friend bool operator==(const StoredName&, const StoredName&) = default;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_SYSTEMD_STORED_NAME_H_
