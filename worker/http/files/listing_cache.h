#ifndef MUSTER_WORKER_HTTP_FILES_LISTING_CACHE_H_
#define MUSTER_WORKER_HTTP_FILES_LISTING_CACHE_H_

#include <chrono>
#include <cstddef>
#include <list>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/loop/clock.h"
#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {

// The pages that list folders, by location and path: to read a folder of thousands of files takes
// many milliseconds, in which the worker does nothing else. A page is used while the folder is what
// it was, so that names that come and go are seen at once, and for a time in which sizes and times
// of the files may change unseen. Belongs to one thread.
class ListingCache {
 public:
  struct Limits {
    loop::Clock::duration trusted_for = {};
    // Of all pages together; those not used for longest are dropped. 0: nothing is kept.
    std::size_t max_memory_bytes = 0;
  };
  // More than these are not kept.
  static constexpr std::size_t kMostPages = 64;

  explicit ListingCache(const Limits& limits) : limits_(limits) {}
  ListingCache(const ListingCache&) = delete;
  ListingCache& operator=(const ListingCache&) = delete;

  // `folder` is as it is now. Null: the page is not here, or not trusted any more. What this and
  // Put return holds until the next call.
  const std::string* Find(std::size_t location, absl::string_view path, const FileIdentity& folder,
                          loop::TimePoint now);
  // A folder that was changed so shortly before it was read that another change may leave its times
  // the same is young.
  enum class Folder : bool { kSettled, kYoung };
  static constexpr std::chrono::seconds kMostTrustOfYoung{1};

  // Instead of the one that is there. `identity` is as it was before the folder was read. The page
  // of a young one is not trusted for longer than kMostTrustOfYoung.
  const std::string& Put(std::size_t location, absl::string_view path, const FileIdentity& identity,
                         std::string page, loop::TimePoint now, Folder folder = Folder::kSettled);
  void Clear();

  std::size_t size() const { return pages_.size(); }
  std::size_t memory_bytes() const { return memory_bytes_; }

 private:
  struct Page {
    std::size_t location;
    std::string path;
    FileIdentity folder;
    loop::TimePoint trusted_until;
    std::string text;

    std::size_t memory_bytes() const { return sizeof(Page) + path.size() + text.size(); }
  };
  using Pages = std::list<Page>;

  Pages::iterator FindAny(std::size_t location, absl::string_view path);
  void Erase(Pages::iterator page);

  const Limits limits_;
  Pages pages_;  // the last used first
  std::size_t memory_bytes_ = 0;
  std::string not_kept_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_LISTING_CACHE_H_
