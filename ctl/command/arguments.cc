#include "muster/ctl/command/arguments.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "muster/ipc/base/check.h"

namespace muster::ctl {

Arguments::Arguments(Values values) : values_(std::move(values)) {}

const std::vector<std::string>& Arguments::texts(const char* name) const {
  const auto found = values_.find(name);
  MUSTER_CHECK(found != values_.end(), name);
  return found->second;
}

std::optional<std::string> Arguments::text(const char* name) const {
  const std::vector<std::string>& all = texts(name);
  if (all.empty()) return std::nullopt;
  return all.back();
}

std::optional<std::uint64_t> Arguments::number(const char* name) const {
  const std::optional<std::string> given = text(name);
  std::uint64_t result = 0;
  if (!given.has_value() || !absl::SimpleAtoi(*given, &result)) return std::nullopt;
  return result;
}

std::optional<absl::Duration> Arguments::duration(const char* name) const {
  const std::optional<std::string> given = text(name);
  absl::Duration result;
  if (!given.has_value() || !absl::ParseDuration(*given, &result)) return std::nullopt;
  return result;
}

}  // namespace muster::ctl
