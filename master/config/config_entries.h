#ifndef MUSTER_MASTER_CONFIG_CONFIG_ENTRIES_H_
#define MUSTER_MASTER_CONFIG_CONFIG_ENTRIES_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// One value of a configuration.
struct ConfigEntry {
  // "worker_processes", "http.location[\"/\"].root". No two entries have the same.
  std::string path;
  // In text format, a Duration as "30s", a list as "[1, 2]". A message that is set and has no
  // fields is "{}".
  std::string value;
  // It has the option (secret): `value` is for comparing only.
  bool is_secret = false;
};

inline constexpr char kEmptyMessage[] = "{}";

// The values of a configuration, in the order of the numbers of their fields. An element of a list
// is named by its first field if that is a required text, so that its place in the list does not
// matter; any other by its place. In `service`, where an order may mean something, lists with names
// have a further entry with these. The fields of `service` are found in `pool` (null: no pool);
// otherwise it is one entry, which is secret.
std::vector<ConfigEntry> EntriesOf(const config::v1::Config& config,
                                   const google::protobuf::DescriptorPool* pool = nullptr);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_ENTRIES_H_
