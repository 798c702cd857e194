#include "muster/worker/http/response/prepared_response.h"

#include <utility>

#include "muster/worker/http/message/http_date.h"

namespace muster::worker::http {

PreparedResponse::PreparedResponse(int status, std::string fields, std::string body)
    : status_(status), fields_(std::move(fields)), body_(std::move(body)) {}

void PreparedResponse::Make(Head& head, Persistence persistence) {
  const std::string no_date(kHttpDateBytes, '\n');  // in no other field
  ResponseHead written(head.bytes, status_, persistence, no_date);
  head.bytes.append(fields_);
  written.End();
  date_offset_ = head.bytes.find(no_date);
}

void PreparedResponse::AppendTo(std::string& out, Persistence persistence, const DateCache& date,
                                bool has_body) {
  Head& head = heads_[static_cast<std::size_t>(persistence)];
  if (head.bytes.empty()) [[unlikely]]
    Make(head, persistence);
  if (head.date_version != date.version()) {
    const absl::string_view text = date.http_date();
    head.bytes.replace(date_offset_, kHttpDateBytes, text.data(), text.size());
    head.date_version = date.version();
  }
  out.append(head.bytes);
  if (has_body) out.append(body_);
}

}  // namespace muster::worker::http
