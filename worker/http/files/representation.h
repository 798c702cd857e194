#ifndef MUSTER_WORKER_HTTP_FILES_REPRESENTATION_H_
#define MUSTER_WORKER_HTTP_FILES_REPRESENTATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/message/byte_range.h"
#include "muster/worker/http/message/conditional.h"
#include "muster/worker/http/message/content_coding.h"
#include "muster/worker/http/response/open_file.h"
#include "muster/worker/http/response/prepared_response.h"

namespace muster::worker::http {

// One file as it is served: its validators, the response with the whole of it, and the content
// if that is in memory; else the file stays open. Belongs to one thread.
class Representation {
 public:
  // The content is read if it has at most `max_content_bytes`. Null: it cannot be read, or became
  // shorter meanwhile. `date_seconds`: the Date of the first response with it, which no
  // Last-Modified may be behind. `type` outlives it; `fields` are added to every response with it,
  // each with its line end.
  static std::unique_ptr<Representation> Create(std::shared_ptr<const OpenFile> file,
                                                ContentCoding coding,
                                                std::uint64_t max_content_bytes,
                                                std::int64_t date_seconds, absl::string_view type,
                                                absl::string_view fields);

  ContentCoding coding() const { return coding_; }

  std::uint64_t size_bytes() const { return file_->size_bytes; }
  absl::string_view type() const { return type_; }
  Validators validators() const { return {entity_tag_, file_->modified_seconds}; }
  // Last-Modified, ETag and the like, each with its line end.
  const std::string& fields() const { return fields_; }
  // Appends those that a 304 has: without Content-Encoding, since it has no content.
  void AppendNotModifiedFields(std::string& out) const;
  // Of status 200. Its body is empty if the content is not in memory.
  PreparedResponse& whole() { return whole_; }

  bool is_in_memory() const { return is_in_memory_; }
  // For sendfile. Open, unless the content is in memory.
  const std::shared_ptr<const OpenFile>& file() const { return file_; }
  // Appends a range of the content. False: the file became shorter, or cannot be read.
  bool AppendRange(std::string& out, ByteRange range) const;

  // Whether its validators are final: it is neither so young that another content may have the
  // same, nor from the future.
  bool is_final() const { return is_final_; }
  // Whether `now` is the same file with the same content, and what is said of it is final.
  bool Is(const OpenFile& now) const {
    return is_final_ && is_settled_ && file_->identity == now.identity;
  }
  // Whether the open file is what it was. Costs a system call; only of what is not in memory.
  bool IsUnchanged() const;

  // Of what it holds, about.
  std::size_t memory_bytes() const;

 private:
  struct Age {
    bool is_settled = false;
    bool is_final = false;
  };
  // A part of fields_.
  struct Span {
    std::size_t offset = 0;
    std::size_t bytes = 0;
  };

  Representation(std::shared_ptr<const OpenFile> file, ContentCoding coding, bool is_in_memory,
                 Age age, std::string entity_tag, absl::string_view type, std::string fields,
                 Span coding_field, PreparedResponse whole);

  std::shared_ptr<const OpenFile> file_;
  ContentCoding coding_;
  bool is_in_memory_;
  // False: it was changed so shortly before it was read that a later change may have the same time.
  bool is_settled_;
  bool is_final_;
  std::string entity_tag_;
  absl::string_view type_;
  std::string fields_;
  Span coding_field_;  // Content-Encoding
  PreparedResponse whole_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_FILES_REPRESENTATION_H_
