#include "muster/master/events/audit_line.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/util/json_util.h"

namespace muster::master {
namespace {

void AppendQuoted(std::string& line, absl::string_view key, absl::string_view value) {
  if (value.empty()) return;
  absl::StrAppend(&line, " ", key, "=\"",
                  absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

}  // namespace

std::string AuditLine(const admin::v1::Call& call) {
  std::string line = absl::StrCat("id=", call.id());
  AppendQuoted(line, "caller", call.caller());
  absl::StrAppend(&line, " method=", call.method());
  AppendQuoted(line, "arguments", call.arguments());
  absl::StrAppend(&line, " generation_before=", call.generation_before(),
                  " generation_after=", call.generation_after(), " code=", call.code());
  AppendQuoted(line, "message", call.message());
  const double took =
      static_cast<double>(call.took().seconds()) + static_cast<double>(call.took().nanos()) / 1e9;
  absl::StrAppend(&line, " took=", absl::StrFormat("%.3f", took), "s");
  if (call.left_out() > 0) absl::StrAppend(&line, " left_out=", call.left_out());
  return line;
}

std::string AuditLine(const admin::v1::RefusedHandshake& handshake) {
  std::string line = "handshake";
  AppendQuoted(line, "address", handshake.address());
  absl::StrAppend(&line, " reason=", admin::v1::RefusedHandshake::Reason_Name(handshake.reason()));
  if (handshake.left_out() > 0) absl::StrAppend(&line, " left_out=", handshake.left_out());
  return line;
}

std::string AuditJson(const google::protobuf::Message& audited) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(audited, &json, options);
  return status.ok() ? json : "{}";
}

}  // namespace muster::master
