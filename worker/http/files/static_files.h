#ifndef MUSTER_WORKER_HTTP_FILES_STATIC_FILES_H_
#define MUSTER_WORKER_HTTP_FILES_STATIC_FILES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/http/files/file_resolver.h"
#include "muster/worker/http/files/listing_cache.h"
#include "muster/worker/http/files/open_file_cache.h"
#include "muster/worker/http/files/representation.h"
#include "muster/worker/http/files/resource.h"
#include "muster/worker/http/message/byte_range.h"
#include "muster/worker/http/message/content_coding.h"
#include "muster/worker/http/message/request_head.h"
#include "muster/worker/http/message/request_target.h"
#include "muster/worker/http/response/answer.h"
#include "muster/worker/http/response/date_cache.h"
#include "muster/worker/http/response/mime_types.h"
#include "muster/worker/http/response/response_head.h"
#include "muster/worker/http/response/response_style.h"

namespace muster::worker::http {

// Answers GET and HEAD with the files below one folder: whole or in ranges, with validators
// and conditions as RFC 9110 has them. Belongs to one thread.
class StaticFiles {
 public:
  struct Settings {
    // Encoded files that are looked for beside each file; the best first.
    std::vector<ContentCoding> codings;
    // Whether a folder without index is listed.
    bool lists_folders = false;
  };

  // `style`, `types` and the caches outlive it; `location` is its number in them.
  StaticFiles(FileResolver resolver, Settings settings, const ResponseStyle& style,
              const MimeTypes& types, OpenFileCache& cache, ListingCache& listings,
              std::size_t location);

  Answer Respond(const RequestHead& request, const RequestTarget& target, Persistence persistence,
                 const DateCache& date, std::string& out);

 private:
  // What one response is made from.
  struct Exchange {
    const RequestHead& request;
    Persistence persistence;
    const DateCache& date;
    std::string& out;

    bool is_head() const { return request.method() == Method::kHead; }
  };

  // Of every answer: by which fields of the request it might be another one.
  absl::string_view vary() const;
  // An error page; `fields` as ResponseStyle has them.
  Answer Error(const Exchange& exchange, int status, absl::string_view fields = "") const;
  Answer List(const Exchange& exchange, const RequestTarget& target, ipc::UniqueFd folder);
  // The page of it. Null: it cannot be read.
  const std::string* ListingOf(absl::string_view path, ipc::UniqueFd folder, const DateCache& date);
  Answer Redirect(const Exchange& exchange, const RequestTarget& target) const;
  // Looks at the file system. With kFile, `entry` is what is to be served; before, it is what was
  // found in the cache and is not trusted any more.
  FileResolver::Resolution Look(absl::string_view path, const DateCache& date,
                                OpenFileCache::Entry*& entry);
  // Those beside the file that the resolver found last.
  OpenFiles OpenEncoded(const OpenFile& original);
  // None: one of them cannot be read, or became shorter meanwhile.
  std::optional<Resource> Represent(std::shared_ptr<const OpenFile> original,
                                    const OpenFiles& encoded, std::int64_t date_seconds) const;
  // Null: no encoding that the client accepts is there.
  Representation* Select(const RequestHead& request, const Resource& resource) const;
  Answer Serve(const Exchange& exchange, Representation* selected) const;
  Answer ServeWhole(const Exchange& exchange, Representation& file) const;
  Answer ServeRange(const Exchange& exchange, const Representation& file,
                    const ByteRange& range) const;
  // Behind a head that begins at `start` of the output.
  Answer ServeContent(const Exchange& exchange, std::size_t start, int status,
                      const Representation& file, const ByteRange& range) const;
  // Several ranges: multipart/byteranges.
  Answer ServeRanges(const Exchange& exchange, const Representation& file,
                     const ByteRanges& ranges) const;

  FileResolver resolver_;
  Settings settings_;
  const ResponseStyle& style_;
  const MimeTypes& types_;
  OpenFileCache& cache_;
  ListingCache& listings_;
  std::size_t location_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_STATIC_FILES_H_
