#ifndef MUSTER_PROCESS_ENV_STANDARD_DESCRIPTORS_H_
#define MUSTER_PROCESS_ENV_STANDARD_DESCRIPTORS_H_

#include "absl/status/status.h"

namespace muster::process_env {

// Opens /dev/null as standard input, output and error where these are closed. Otherwise a file or
// socket that the process opens later would get the number, and the text meant for a person would
// be written into it. Opens no other number. Call it first in
// main, or earlier: the constructors of a library may open descriptors (gRPC's do).
absl::Status OpenStandardDescriptors();

// Has standard input, output and error lead to /dev/null from now on, in children, too.
absl::Status CloseStandardDescriptors();

}  // namespace muster::process_env

#endif  // MUSTER_PROCESS_ENV_STANDARD_DESCRIPTORS_H_
