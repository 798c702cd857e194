#include "worker/http/prepared_response.h"

#include <utility>

#include "worker/http/http_date.h"

namespace muster::worker::http {

PreparedResponse::PreparedResponse(int status, absl::string_view fields, std::string body)
    : status_(status), body_(std::move(body)) {
  const std::string no_date(kHttpDateBytes, '\n');  // in no other field
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    std::string& bytes = heads_[i].bytes;
    ResponseHead head(bytes, status, static_cast<Persistence>(i), no_date);
    bytes.append(fields.data(), fields.size());
    head.End();
    date_offset_ = bytes.find(no_date);
  }
}

void PreparedResponse::AppendTo(std::string& out, Persistence persistence, const DateCache& date,
                                bool has_body) {
  Head& head = heads_[static_cast<std::size_t>(persistence)];
  if (head.date_version != date.version()) {
    const absl::string_view text = date.http_date();
    head.bytes.replace(date_offset_, kHttpDateBytes, text.data(), text.size());
    head.date_version = date.version();
  }
  out.append(head.bytes);
  if (has_body) out.append(body_);
}

}  // namespace muster::worker::http
