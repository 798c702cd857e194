// For libFuzzer: the bytes are a configuration, JSON if they begin with a brace. Mistakes are told
// with their places; what has none reaches the workers unchanged, and printed it can be read again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"
#include "muster/config/config_file.h"
#include "muster/config/syntax/config_format.h"
#include "muster/ipc/base/check.h"
#include "muster/proto/config.pb.h"
#include "muster/proto/utf8.h"

namespace muster::config {
namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr char kPrefix[] = "/tmp";

// Takes "12:" from the front of `line`.
int TakeNumber(absl::string_view& line) {
  int number = 0;
  const std::size_t colon = line.find(':');
  MUSTER_CHECK(colon != line.npos && absl::SimpleAtoi(line.substr(0, colon), &number),
               "a line says a place");
  line.remove_prefix(colon + 1);
  return number;
}

void CheckMistakes(absl::string_view text, absl::string_view message) {
  const std::vector<absl::string_view> text_lines = absl::StrSplit(text, '\n');
  MUSTER_CHECK(!message.empty(), "a refusal has a reason");
  MUSTER_CHECK(IsUtf8(message), "the admin service can tell it");
  for (absl::string_view line : absl::StrSplit(message, '\n')) {
    MUSTER_CHECK(absl::ConsumePrefix(&line, "fuzz:"), "a line says the file");
    const int row = TakeNumber(line);
    const int column = TakeNumber(line);
    MUSTER_CHECK(row >= 1 && row <= static_cast<int>(text_lines.size()), "the line exists");
    MUSTER_CHECK(column >= 1 && column <= static_cast<int>(text_lines[row - 1].size()) + 1,
                 "the column exists");
    MUSTER_CHECK(absl::StartsWith(line, " ") && line.size() > 1, "a line says what is wrong");
    for (const char c : line) {
      MUSTER_CHECK(!absl::ascii_iscntrl(static_cast<unsigned char>(c)), "nothing for a terminal");
    }
  }
}

void CheckAccepted(const v1::Config& config) {
  v1::Config received;
  MUSTER_CHECK(received.ParseFromString(config.SerializeAsString()), "a worker can read it");
  MUSTER_CHECK(received.SerializeAsString() == config.SerializeAsString(), "as it is");
  // An Any of a type that we do not know prints as bytes, which is no way to write one.
  if (config.has_service()) return;
  std::string printed;
  MUSTER_CHECK(google::protobuf::TextFormat::PrintToString(config, &printed), "it can be printed");
  const auto again = ReadConfigText("fuzz", printed, ConfigFormat::kText, kPrefix);
  MUSTER_CHECK(again.ok(), std::string(again.status().message()).c_str());
  MUSTER_CHECK(again->SerializeAsString() == config.SerializeAsString(), "and read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMostBytes) return 0;
  static const google::protobuf::LogSilencer silence;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto format = absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{")
                          ? ConfigFormat::kJson
                          : ConfigFormat::kText;
  const auto config = ReadConfigText("fuzz", text, format, kPrefix);
  if (config.ok()) {
    CheckAccepted(*config);
  } else {
    MUSTER_CHECK(absl::IsInvalidArgument(config.status()), "a text has no other error");
    CheckMistakes(text, config.status().message());
  }
  return 0;
}

}  // namespace muster::config
