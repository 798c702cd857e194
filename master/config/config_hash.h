#ifndef MUSTER_MASTER_CONFIG_CONFIG_HASH_H_
#define MUSTER_MASTER_CONFIG_CONFIG_HASH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::master {

// The SHA-256 of a text, in lowercase hex: what `sha256sum` prints for a file with it.
std::string HashOf(absl::string_view text);

}  // namespace muster::master

#endif  // MUSTER_MASTER_CONFIG_CONFIG_HASH_H_
