#include "muster/worker/http/files/listing_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace muster::worker::http {

const std::string* ListingCache::Find(std::size_t location, absl::string_view path,
                                      const FileIdentity& folder, loop::TimePoint now) {
  const auto page = FindAny(location, path);
  if (page == pages_.end() || page->folder != folder || now >= page->trusted_until) return nullptr;
  pages_.splice(pages_.begin(), pages_, page);
  return &page->text;
}

const std::string& ListingCache::Put(std::size_t location, absl::string_view path,
                                     const FileIdentity& identity, std::string page,
                                     loop::TimePoint now, Folder folder) {
  const auto before = FindAny(location, path);
  if (before != pages_.end()) Erase(before);
  const loop::Clock::duration trusted_for =
      folder == Folder::kYoung
          ? std::min<loop::Clock::duration>(limits_.trusted_for, kMostTrustOfYoung)
          : limits_.trusted_for;
  Page put = {location, std::string(path), identity, now + trusted_for, std::move(page)};
  const std::size_t bytes = put.memory_bytes();
  if (bytes > limits_.max_memory_bytes) {
    not_kept_ = std::move(put.text);
    return not_kept_;
  }
  while (pages_.size() >= kMostPages || memory_bytes_ + bytes > limits_.max_memory_bytes) {
    Erase(std::prev(pages_.end()));
  }
  pages_.push_front(std::move(put));
  memory_bytes_ += bytes;
  return pages_.front().text;
}

void ListingCache::Clear() {
  pages_.clear();
  memory_bytes_ = 0;
}

ListingCache::Pages::iterator ListingCache::FindAny(std::size_t location, absl::string_view path) {
  return std::find_if(pages_.begin(), pages_.end(), [&](const Page& page) {
    return page.location == location && page.path == path;
  });
}

void ListingCache::Erase(Pages::iterator page) {
  memory_bytes_ -= page->memory_bytes();
  pages_.erase(page);
}

}  // namespace muster::worker::http
