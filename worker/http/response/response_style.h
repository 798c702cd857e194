#ifndef MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_STYLE_H_
#define MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_STYLE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "muster/proto/config.pb.h"
#include "muster/worker/http/response/mime_types.h"
#include "muster/worker/http/response/response_head.h"

namespace muster::worker::http {

// How the responses of a location look: the fields that a configuration adds to them, and the
// pages of errors. Immutable.
class ResponseStyle {
 public:
  using Headers = google::protobuf::RepeatedPtrField<config::v1::Header>;
  using ErrorPages = google::protobuf::RepeatedPtrField<config::v1::ErrorPage>;

  // No fields, and the short pages.
  ResponseStyle() = default;
  // With those of `outer` which these do not replace: fields by name, pages by status. Reads the
  // files of pages. Errors name the field that is wrong: "header[0].name: ...".
  static absl::StatusOr<ResponseStyle> Create(const Headers& headers, const ErrorPages& pages,
                                              const ResponseStyle& outer, const MimeTypes& types);

  // For a response of this status, each with its line end.
  const std::string& FieldsFor(int status) const { return status < 400 ? fields_ : always_fields_; }

  struct Page {
    std::string type;
    std::string body;
  };
  Page PageFor(int status) const;

  // Appends a whole response with an error page, or with its head only. `fields`: more of them,
  // each with its line end. Returns the bytes of the page that were appended.
  std::size_t AppendError(std::string& out, int status, Persistence persistence,
                          absl::string_view http_date, bool has_body,
                          absl::string_view fields = "") const;

  // Appends the answer to OPTIONS of something that is only read: 204 and what is allowed. `fields`
  // as above.
  void AppendOptions(std::string& out, Persistence persistence, absl::string_view http_date,
                     absl::string_view fields = "") const;

 private:
  struct Header {
    std::string name;
    std::string value;
    bool always = false;
  };

  std::size_t AppendPage(std::string& out, int status, Persistence persistence,
                         absl::string_view http_date, bool has_body, absl::string_view fields,
                         const Page& page) const;
  absl::Status Add(const Headers& headers);
  absl::Status Add(const ErrorPages& pages, const MimeTypes& types);

  std::multimap<std::string, Header> headers_;  // by name in lower case
  std::string fields_;
  std::string always_fields_;
  std::map<int, std::shared_ptr<const Page>> pages_;
};

// Of something that is only read.
inline constexpr absl::string_view kAllowReading = "Allow: GET, HEAD, OPTIONS\r\n";

// A larger file cannot be a page.
inline constexpr std::size_t kMaxErrorPageBytes = 64 * 1024;

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_RESPONSE_STYLE_H_
