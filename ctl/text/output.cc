#include "muster/ctl/text/output.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wrappers.pb.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "muster/ctl/text/printable.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/utf8.h"

namespace muster::ctl {
namespace {

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message, bool is_readable) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = is_readable;
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options.always_print_fields_with_no_presence = true;
#else
  options.always_print_primitive_fields = true;
#endif
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("print as JSON: ", status.ToString()));
  return json;
}

}  // namespace

absl::StatusOr<std::string> Json(const google::protobuf::Message& message) {
  return ToJson(message, /*is_readable=*/true);
}

absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message) {
  MUSTER_ASSIGN_OR_RETURN(const std::string json, ToJson(message, /*is_readable=*/false));
  return json + "\n";
}

std::string JsonString(absl::string_view text) {
  google::protobuf::StringValue value;
  value.set_value(config::IsUtf8(text) ? std::string(text) : Printable(text));
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) return "\"?\"";
  return json;
}

absl::Status Write(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    // Whatever the reason: the command itself was done.
    return absl::InternalError(ipc::ErrnoStatus("write to standard output").message());
  }
  return absl::OkStatus();
}

absl::Status Print(Output output, const google::protobuf::Message& answer,
                   const std::string& text) {
  if (output == Output::kTable) return Write(text);
  MUSTER_ASSIGN_OR_RETURN(const std::string json, Json(answer));
  return Write(json);
}

}  // namespace muster::ctl
