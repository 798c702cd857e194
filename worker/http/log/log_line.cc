#include "muster/worker/http/log/log_line.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace muster::worker::http {
namespace {

using config::LogVariable;

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= ' ' && byte < 0x7f && c != '"' && c != '\\';
}

void AppendEscaped(std::string& out, absl::string_view text, bool is_json) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  while (!text.empty()) {
    const auto special = std::find_if_not(text.begin(), text.end(), IsPlain);
    out.append(text.begin(), special);
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()));
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    out.append(is_json ? "\\u00" : "\\x");
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
    text.remove_prefix(1);
  }
}

// "0.012": as nginx writes times.
void AppendMilliseconds(std::string& out, std::int64_t milliseconds) {
  absl::StrAppend(&out, milliseconds / 1000, ".", absl::Dec(milliseconds % 1000, absl::kZeroPad3));
}

// The parts of "GET / HTTP/1.1"; of a refused request what there is of them.
absl::string_view MethodOf(absl::string_view line) { return line.substr(0, line.find(' ')); }
absl::string_view ProtocolOf(absl::string_view line) {
  const std::size_t space = line.rfind(' ');
  if (space == absl::string_view::npos || space == line.find(' ')) return {};
  return line.substr(space + 1);
}
absl::string_view TargetOf(absl::string_view line) {
  const std::size_t first = line.find(' ');
  if (first == absl::string_view::npos) return {};
  const std::size_t last = line.rfind(' ');
  return line.substr(first + 1, last == first ? absl::string_view::npos : last - first - 1);
}

absl::string_view FieldOf(const AccessRecord& record, FieldName name) {
  if (record.head == nullptr) return {};
  return record.head->Get(name).value_or(absl::string_view());
}

// A text, most of which a client sent; or nothing.
absl::string_view TextOf(const AccessRecord& record, LogVariable variable) {
  switch (variable) {
    case LogVariable::kHttpHost:
      return FieldOf(record, FieldName::kHost);
    case LogVariable::kHttpRange:
      return FieldOf(record, FieldName::kRange);
    case LogVariable::kHttpReferer:
      return FieldOf(record, FieldName::kReferer);
    case LogVariable::kHttpUserAgent:
      return FieldOf(record, FieldName::kUserAgent);
    case LogVariable::kHttpXForwardedFor:
      return FieldOf(record, FieldName::kForwardedFor);
    case LogVariable::kRequest:
      return record.request_line;
    case LogVariable::kRequestMethod:
      return MethodOf(record.request_line);
    case LogVariable::kRequestUri:
      return TargetOf(record.request_line);
    case LogVariable::kRequestCompletion:
      return record.is_complete ? "OK" : absl::string_view();
    case LogVariable::kRequestId:
      return record.request_id;
    case LogVariable::kServerProtocol:
      return ProtocolOf(record.request_line);
    default:
      return {};
  }
}

void AppendValue(std::string& out, LogVariable variable, bool is_json, const AccessRecord& record) {
  switch (variable) {
    case LogVariable::kBodyBytesSent:
      absl::StrAppend(&out, record.body_bytes);
      return;
    case LogVariable::kBytesSent:
      absl::StrAppend(&out, record.head_bytes + record.body_bytes);
      return;
    case LogVariable::kConnectionRequests:
      absl::StrAppend(&out, record.connection_requests);
      return;
    case LogVariable::kMsec:
      AppendMilliseconds(out, record.date.unix_milliseconds());
      return;
    case LogVariable::kPid:
      absl::StrAppend(&out, ::getpid());
      return;
    case LogVariable::kRemoteAddr:
      record.peer.AppendTo(out);
      return;
    case LogVariable::kRequestTime:
      AppendMilliseconds(out, std::max<std::int64_t>(record.request_time.count(), 0));
      return;
    case LogVariable::kStatus:
      absl::StrAppend(&out, record.status);
      return;
    case LogVariable::kTimeIso8601:
      out.append(record.date.iso_time().data(), record.date.iso_time().size());
      return;
    case LogVariable::kTimeLocal:
      out.append(record.date.log_time().data(), record.date.log_time().size());
      return;
    default:
      break;
  }
  const absl::string_view text = TextOf(record, variable);
  if (text.empty() && !is_json) {
    out.push_back('-');
  } else {
    AppendEscaped(out, text, is_json);
  }
}

}  // namespace

void AppendLogLine(std::string& out, const config::LogFormat& format, const AccessRecord& record) {
  for (const config::LogFormat::Part& part : format.parts) {
    out.append(part.text);
    AppendValue(out, part.variable, format.is_json, record);
  }
  out.append(format.end);
}

}  // namespace muster::worker::http
