#ifndef MUSTER_CONFIG_CONFIG_MISTAKE_H_
#define MUSTER_CONFIG_CONFIG_MISTAKE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace muster::config {

// What is wrong at one place of a configuration, for programs.
struct ConfigMistake {
  std::string field;  // "listen[0].address"; empty: no field in particular
  int line = 0;       // both from 1, the column in bytes; zero: it is not in the text
  int column = 0;
  std::string problem;  // without the place and the field
};

// An error whose message lists mistakes has them beside it, too. Field and problem are printable:
// no control characters, and no line breaks. OK stays OK.
absl::Status WithMistakes(absl::Status status, const std::vector<ConfigMistake>& mistakes);
// Those of WithMistakes; empty: none.
std::vector<ConfigMistake> MistakesOf(const absl::Status& status);

}  // namespace muster::config

#endif  // MUSTER_CONFIG_CONFIG_MISTAKE_H_
