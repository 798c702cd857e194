#include "muster/worker/testing/recorded.h"

#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "muster/ipc/base/check.h"

namespace muster::worker::testing {

std::string ReadRecorded(const std::string& path) {
  std::ifstream file(path);
  std::string digits;
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, "#")) digits += absl::StrReplaceAll(line, {{" ", ""}});
  }
  MUSTER_CHECK(!digits.empty(), path.c_str());
  return absl::HexStringToBytes(digits);
}

}  // namespace muster::worker::testing
