#include "muster/worker/http/files/open_file_cache.h"

#include <algorithm>

namespace muster::worker::http {

OpenFileCache::Entry* OpenFileCache::Put(std::size_t location, absl::string_view path,
                                         Resource resource, loop::TimePoint now) {
  Drop(location, path);
  const loop::Clock::duration trusted_for =
      resource.is_final() ? limits_.trusted_for
                          : std::min<loop::Clock::duration>(limits_.trusted_for, kMostTrustOfYoung);
  Entry entry = {std::move(resource), now + trusted_for};
  const std::size_t bytes = sizeof(Node) + path.size() + entry.resource.memory_bytes();
  const std::size_t descriptors = entry.resource.descriptors();
  if (limits_.max_entries == 0 || bytes > limits_.max_memory_bytes ||
      descriptors > limits_.max_descriptors) {
    not_kept_ = std::move(entry);
    return &not_kept_;
  }
  while (entries_.size() >= limits_.max_entries ||
         memory_bytes_ + bytes > limits_.max_memory_bytes ||
         descriptors_ + descriptors > limits_.max_descriptors) {
    Erase(std::prev(entries_.end()));
  }
  entries_.push_front({location, std::string(path), bytes, descriptors, std::move(entry)});
  index_.emplace(Key(location, entries_.front().path), entries_.begin());
  memory_bytes_ += bytes;
  descriptors_ += descriptors;
  return &entries_.front().entry;
}

void OpenFileCache::Drop(std::size_t location, absl::string_view path) {
  const auto found = index_.find(Key(location, path));
  if (found != index_.end()) Erase(found->second);
}

void OpenFileCache::Clear() {
  index_.clear();
  entries_.clear();
  memory_bytes_ = descriptors_ = 0;
  not_kept_ = {};
}

void OpenFileCache::Erase(Nodes::iterator node) {
  index_.erase(Key(node->location, node->path));
  memory_bytes_ -= node->memory_bytes;
  descriptors_ -= node->descriptors;
  entries_.erase(node);
}

}  // namespace muster::worker::http
