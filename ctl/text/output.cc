#include "muster/ctl/text/output.h"

#include <google/protobuf/util/json_util.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

absl::Status Write(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    // Whatever the reason: the command itself was done.
    return absl::InternalError(ipc::ErrnoStatus("write to standard output").message());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Print(Output output, const google::protobuf::Message& answer,
                   const std::string& text) {
  if (output == Output::kTable) return Write(text);

  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  options.always_print_fields_with_no_presence = true;
#else
  options.always_print_primitive_fields = true;
#endif
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(answer, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("print as JSON: ", status.ToString()));
  return Write(json);
}

}  // namespace muster::ctl
