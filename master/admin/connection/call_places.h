#ifndef MUSTER_MASTER_ADMIN_CONNECTION_CALL_PLACES_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_CALL_PLACES_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"

namespace muster::master {

// How many calls, and how many streams, each principal has under way, over all connections, with a
// bound on each. Streams are counted apart, since one that watches goes on for ever: whoever has
// too many of them can still call. Thread-safe.
class CallPlaces {
 public:
  struct Limits {
    std::uint32_t calls = 256;
    std::uint32_t streams = 256;
  };

  explicit CallPlaces(Limits limits) : limits_(limits) {}
  CallPlaces(const CallPlaces&) = delete;
  CallPlaces& operator=(const CallPlaces&) = delete;

  // For calls that begin from now on.
  void Set(Limits limits);

  // A call begins, which has no place yet. `call` stands for it until Leave. ResourceExhausted: the
  // principal has as many as it may; the message has who it is, and how many.
  absl::Status Take(const void* call, const std::string& principal, bool is_stream);
  // It is over. Does nothing for a call that has no place.
  void Leave(const void* call);

  std::uint32_t calls_of(const std::string& principal) const;
  std::uint32_t streams_of(const std::string& principal) const;

 private:
  struct Held {
    std::uint32_t calls = 0;
    std::uint32_t streams = 0;
  };
  using Principals = std::map<std::string, Held>;
  struct Place {
    Principals::iterator principal;
    bool is_stream = false;
  };

  mutable std::mutex mutex_;
  Limits limits_;
  Principals principals_;  // those who have a call under way
  std::unordered_map<const void*, Place> places_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_CALL_PLACES_H_
