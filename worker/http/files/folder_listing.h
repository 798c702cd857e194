#ifndef MUSTER_WORKER_HTTP_FILES_FOLDER_LISTING_H_
#define MUSTER_WORKER_HTTP_FILES_FOLDER_LISTING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker::http {

struct ListedFile {
  std::string name;
  bool is_folder = false;
  // None: a symbolic link, which may lead out of what is served.
  std::optional<std::uint64_t> size_bytes = std::nullopt;
  std::int64_t modified_seconds = 0;
};

struct FolderListing {
  std::vector<ListedFile> files;  // folders first, then by name
  bool is_whole = true;           // false: there are more files than may be listed
};

// More files than this, and a larger page, are not listed: the client waits for none of it, and
// the worker's other clients do.
inline constexpr std::size_t kMaxListedFiles = 5000;
inline constexpr std::size_t kMaxListingBytes = 512 * 1024;

// The files, folders and links of an open folder, without those whose name begins with a dot.
// None: it cannot be read.
std::optional<FolderListing> ReadFolder(ipc::UniqueFd folder,
                                        std::size_t max_files = kMaxListedFiles);

// As a page for `path`, which ends in a slash. Names are shown and linked so that none can be
// taken for HTML or for another address. Times are UTC.
std::string FormatListing(absl::string_view path, const FolderListing& listing);

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_FOLDER_LISTING_H_
