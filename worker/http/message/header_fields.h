#ifndef MUSTER_WORKER_HTTP_MESSAGE_HEADER_FIELDS_H_
#define MUSTER_WORKER_HTTP_MESSAGE_HEADER_FIELDS_H_

#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace muster::worker::http {

// All the fields of a request's head, looked up in its text: a view of that.
class HeaderFields {
 public:
  HeaderFields() = default;
  // `text` begins with the first field and has at least the empty line after the last one. It has
  // passed the RequestParser: each line is "name: value" and ends in CRLF.
  explicit HeaderFields(absl::string_view text) : text_(text) {}

  // The value of the first field of this name, whose case does not matter, without white space
  // around it.
  std::optional<absl::string_view> Get(absl::string_view name) const;

  // In their order.
  void ForEach(
      absl::FunctionRef<void(absl::string_view name, absl::string_view value)> visit) const;

 private:
  absl::string_view text_;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_MESSAGE_HEADER_FIELDS_H_
