#ifndef MUSTER_WORKER_HTTP_FILES_OPEN_FILE_CACHE_H_
#define MUSTER_WORKER_HTTP_FILES_OPEN_FILE_CACHE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "muster/loop/event_loop.h"
#include "muster/worker/http/files/resource.h"

namespace muster::worker::http {

// The files that were served last, by location and path, so that the next request for one costs no
// system call. Who asks for a file that is not trusted any more looks at the file system again
// and says what came of it. A file that is in no entry any more, but on its way to a client, stays
// open until it is sent. Belongs to one thread.
class OpenFileCache {
 public:
  struct Limits {
    std::size_t max_entries = 0;  // 0: nothing is kept
    // How long an entry is trusted after it was checked.
    loop::Clock::duration trusted_for = {};
    // A larger content is not kept in memory, but its file open.
    std::uint64_t max_file_bytes = 0;
    // Of all entries together; those not used for longest are dropped.
    std::size_t max_memory_bytes = 0;
    // As well.
    std::size_t max_descriptors = 0;
  };
  static constexpr std::chrono::seconds kMostTrustOfYoung{1};

  struct Entry {
    Resource resource;
    loop::TimePoint trusted_until;

    bool IsTrusted(loop::TimePoint now) const { return now < trusted_until; }
  };

  explicit OpenFileCache(const Limits& limits) : limits_(limits) {}
  OpenFileCache(const OpenFileCache&) = delete;
  OpenFileCache& operator=(const OpenFileCache&) = delete;

  // What is returned by all of these holds until the next call. Null: it is not here.
  Entry* Find(std::size_t location, absl::string_view path) {
    const auto found = index_.find(Key(location, path));
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->entry;
  }
  // Instead of the one that is there. What the limits do not allow is not kept. One that is not
  // final is not trusted for longer than kMostTrustOfYoung.
  Entry* Put(std::size_t location, absl::string_view path, Resource resource, loop::TimePoint now);
  // It was looked at again, and is what it was.
  void Trust(Entry& entry, loop::TimePoint now) const {
    entry.trusted_until = now + limits_.trusted_for;
  }
  void Drop(std::size_t location, absl::string_view path);
  void Clear();

  const Limits& limits() const { return limits_; }
  std::size_t size() const { return entries_.size(); }
  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  using Key = std::pair<std::size_t, absl::string_view>;
  struct Node {
    std::size_t location;
    std::string path;
    std::size_t memory_bytes;
    std::size_t descriptors;
    Entry entry;
  };
  using Nodes = std::list<Node>;

  void Erase(Nodes::iterator node);

  const Limits limits_;
  Nodes entries_;                                    // the last used first
  absl::flat_hash_map<Key, Nodes::iterator> index_;  // keys stand in entries_
  std::size_t memory_bytes_ = 0;
  std::size_t descriptors_ = 0;
  Entry not_kept_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_OPEN_FILE_CACHE_H_
