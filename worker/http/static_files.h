#ifndef WORKER_HTTP_STATIC_FILES_H_
#define WORKER_HTTP_STATIC_FILES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "worker/http/answer.h"
#include "worker/http/byte_range.h"
#include "worker/http/file_resolver.h"
#include "worker/http/mime_types.h"
#include "worker/http/request_head.h"
#include "worker/http/request_target.h"
#include "worker/http/response_head.h"

namespace muster::worker::http {

// Answers GET and HEAD with the files below one folder: whole or in ranges, with validators
// and conditions as RFC 9110 has them. Belongs to one thread.
class StaticFiles {
 public:
  // `types` outlives it.
  StaticFiles(FileResolver resolver, const MimeTypes& types);

  Answer Respond(const RequestHead& request, const RequestTarget& target, Persistence persistence,
                 absl::string_view http_date, std::string& out);

 private:
  // What one response is made from.
  struct Exchange {
    const RequestHead& request;
    Persistence persistence;
    absl::string_view http_date;
    std::string& out;

    bool is_head() const { return request.method() == Method::kHead; }
  };

  // An error page; `fields` as AppendErrorResponse has them.
  static Answer Error(const Exchange& exchange, int status, absl::string_view fields = "");
  static Answer Redirect(const Exchange& exchange, const RequestTarget& target);
  Answer ServeFile(const Exchange& exchange, std::shared_ptr<const OpenFile> file);
  // Several ranges: multipart/byteranges.
  static Answer ServeRanges(const Exchange& exchange, std::shared_ptr<const OpenFile> file,
                            absl::string_view type, absl::string_view fields,
                            const ByteRanges& ranges);

  FileResolver resolver_;
  const MimeTypes& types_;
};

}  // namespace muster::worker::http

#endif  // WORKER_HTTP_STATIC_FILES_H_
