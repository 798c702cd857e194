#include "muster/worker/http/response/response_head.h"

#include "absl/strings/str_cat.h"
#include "muster/worker/http/message/status_code.h"

namespace muster::worker::http {

ResponseHead::ResponseHead(std::string& out, int status, Persistence persistence,
                           absl::string_view http_date)
    : out_(out) {
  absl::StrAppend(&out_, "HTTP/1.1 ", status, " ", ReasonPhrase(status));
  absl::StrAppend(&out_, "\r\nServer: muster\r\nDate: ", http_date, "\r\n");
  if (persistence == Persistence::kClose) {
    out_.append("Connection: close\r\n");
  } else if (persistence.announced().count() > 0) {
    absl::StrAppend(&out_, "Connection: keep-alive\r\nKeep-Alive: timeout=",
                    persistence.announced().count(), "\r\n");
  } else if (persistence == Persistence::kExplicitKeepAlive) {
    out_.append("Connection: keep-alive\r\n");
  }
}

ResponseHead& ResponseHead::Field(absl::string_view name, absl::string_view value) {
  absl::StrAppend(&out_, name, ": ", value, "\r\n");
  return *this;
}

ResponseHead& ResponseHead::Field(absl::string_view name, std::uint64_t value) {
  absl::StrAppend(&out_, name, ": ", value, "\r\n");
  return *this;
}

void ResponseHead::End() { out_.append("\r\n"); }

std::string ErrorPage(int status) {
  const std::string title = absl::StrCat(status, " ", ReasonPhrase(status));
  return absl::StrCat("<!doctype html>\n<html lang=\"en\">\n<head><title>", title,
                      "</title></head>\n<body><h1>", title, "</h1></body>\n</html>\n");
}

}  // namespace muster::worker::http
