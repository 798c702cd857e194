#include "muster/worker/http/pieces/chunked_body.h"

#include "absl/strings/str_cat.h"

namespace muster::worker::http {

void AppendChunk(std::string& out, absl::string_view bytes) {
  if (bytes.empty()) return;
  absl::StrAppend(&out, absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
}

void AppendLastChunk(std::string& out, const Trailers& trailers) {
  out.append("0\r\n");
  for (const auto& [name, value] : trailers) absl::StrAppend(&out, name, ": ", value, "\r\n");
  out.append("\r\n");
}

}  // namespace muster::worker::http
