#ifndef MUSTER_CTL_COMMAND_ARGUMENTS_H_
#define MUSTER_CTL_COMMAND_ARGUMENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace muster::ctl {

// What was given for the parameters of a command. Names are those of the table without dashes: the
// long one of an option ("follow"), or that of an argument ("FILE"). Asking for a name that the
// command does not have is a bug. The parser has checked all values.
class Arguments {
 public:
  using Values = std::map<std::string, std::vector<std::string>, std::less<>>;
  // `values`: an entry for each parameter, empty if it was not given.
  explicit Arguments(Values values = {});

  bool has(const char* name) const { return !texts(name).empty(); }
  const std::vector<std::string>& texts(const char* name) const;
  // The last one that was given.
  std::optional<std::string> text(const char* name) const;
  std::optional<std::uint64_t> number(const char* name) const;
  std::optional<absl::Duration> duration(const char* name) const;

 private:
  Values values_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_COMMAND_ARGUMENTS_H_
