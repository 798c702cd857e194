#include "muster/proto/log_format.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace muster::config {
namespace {

constexpr char kCombined[] =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent "
    "\"$http_referer\" \"$http_user_agent\"";
constexpr char kJson[] =
    R"({"time":"$time_iso8601","remote_addr":"$remote_addr","host":"$http_host",)"
    R"("request":"$request","status":$status,"body_bytes_sent":$body_bytes_sent,)"
    R"("request_time":$request_time,"referer":"$http_referer","user_agent":"$http_user_agent"})";

constexpr std::pair<absl::string_view, LogVariable> kNames[] = {
    {"body_bytes_sent", LogVariable::kBodyBytesSent},
    {"bytes_sent", LogVariable::kBytesSent},
    {"connection_requests", LogVariable::kConnectionRequests},
    {"http_host", LogVariable::kHttpHost},
    {"http_range", LogVariable::kHttpRange},
    {"http_referer", LogVariable::kHttpReferer},
    {"http_user_agent", LogVariable::kHttpUserAgent},
    {"http_x_forwarded_for", LogVariable::kHttpXForwardedFor},
    {"msec", LogVariable::kMsec},
    {"pid", LogVariable::kPid},
    {"remote_addr", LogVariable::kRemoteAddr},
    {"remote_user", LogVariable::kRemoteUser},
    {"request", LogVariable::kRequest},
    {"request_completion", LogVariable::kRequestCompletion},
    {"request_id", LogVariable::kRequestId},
    {"request_method", LogVariable::kRequestMethod},
    {"request_time", LogVariable::kRequestTime},
    {"request_uri", LogVariable::kRequestUri},
    {"server_protocol", LogVariable::kServerProtocol},
    {"status", LogVariable::kStatus},
    {"time_iso8601", LogVariable::kTimeIso8601},
    {"time_local", LogVariable::kTimeLocal},
};

bool IsNameCharacter(char c) {
  return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
}

std::optional<LogVariable> VariableOf(absl::string_view name) {
  for (const auto& [known, variable] : kNames) {
    if (known == name) return variable;
  }
  return std::nullopt;
}

// Removes a name from the front of `text`, which is behind a dollar. Empty: there is none.
absl::string_view TakeName(absl::string_view& text) {
  const bool is_braced = absl::ConsumePrefix(&text, "{");
  const std::size_t end = static_cast<std::size_t>(
      std::find_if_not(text.begin(), text.end(), IsNameCharacter) - text.begin());
  const absl::string_view name = text.substr(0, end);
  text.remove_prefix(end);
  if (is_braced && !absl::ConsumePrefix(&text, "}")) return {};
  return name;
}

}  // namespace

absl::StatusOr<LogFormat> ParseLogFormat(absl::string_view text, bool is_json) {
  LogFormat format;
  format.is_json = is_json || text == "json";
  if (text == "combined") text = kCombined;
  if (text == "json") text = kJson;
  std::string plain;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\t') {
      return absl::InvalidArgumentError("has a control character, which would break the line");
    }
    if (c != '$' || absl::ConsumePrefix(&text, "$")) {
      plain.push_back(c);
      continue;
    }
    const absl::string_view name = TakeName(text);
    if (name.empty()) {
      return absl::InvalidArgumentError("has a \"$\" without a name; write \"$$\" for a dollar");
    }
    const std::optional<LogVariable> variable = VariableOf(name);
    if (!variable.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("has $", name, ", which is unknown; write one of ",
                       absl::StrJoin(kNames, ", ", [](std::string* out, const auto& known) {
                         absl::StrAppend(out, "$", known.first);
                       })));
    }
    format.parts.push_back({std::exchange(plain, {}), *variable});
  }
  format.end = plain + "\n";
  return format;
}

}  // namespace muster::config
