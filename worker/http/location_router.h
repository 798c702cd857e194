#ifndef MUSTER_WORKER_HTTP_LOCATION_ROUTER_H_
#define MUSTER_WORKER_HTTP_LOCATION_ROUTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::worker::http {

// Finds the longest of a set of prefixes that a path begins with, in O(log n) comparisons
// and one for each prefix that contains it. Immutable, thread-safe.
class LocationRouter {
 public:
  // Of no prefixes.
  LocationRouter() = default;
  // InvalidArgument: a prefix does not begin with a slash, or is there twice.
  static absl::StatusOr<LocationRouter> Create(const std::vector<std::string>& prefixes);

  // The index in `prefixes`. None: `path` begins with none of them.
  std::optional<std::size_t> Find(absl::string_view path) const;

 private:
  struct Entry {
    std::string prefix;
    std::size_t index;
    // The entry whose prefix is the longest that this one begins with.
    std::optional<std::size_t> parent;
  };

  explicit LocationRouter(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  std::vector<Entry> entries_;  // by prefix
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_LOCATION_ROUTER_H_
