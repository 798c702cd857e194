// For libFuzzer: three lines, which are LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; a missing line
// is a variable that is not set. Whatever they are, there is one name for each descriptor, what is
// refused has one line, and a name of the store is written as it was read.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/check.h"
#include "muster/master/systemd/passed_names.h"
#include "muster/master/systemd/stored_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace muster;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> lines = absl::StrSplit(text, absl::MaxSplits('\n', 2));
  const auto variable = [&](std::size_t i) {
    return i < lines.size() ? lines[i].c_str() : nullptr;
  };
  const auto passed = master::ReadPassedNames({variable(0), variable(1), variable(2)}, 7);
  if (!passed.ok()) {
    MUSTER_CHECK(passed.status().message().find('\n') == absl::string_view::npos, "one line");
    return 0;
  }
  int count = 0;
  const bool is_told = variable(0) != nullptr && variable(1) != nullptr && passed->ignored.empty();
  if (is_told) MUSTER_CHECK(absl::SimpleAtoi(variable(1), &count), "a number was accepted");
  MUSTER_CHECK(passed->names.size() == static_cast<std::size_t>(count), "each has a name");
  for (const std::string& name : passed->names) {
    const std::optional<master::StoredName> stored = master::StoredName::Parse(name);
    MUSTER_CHECK(!stored.has_value() || stored->ToString() == name, "a name is read in one way");
  }
  return 0;
}
