#ifndef SERVICE_TALLY_H_
#define SERVICE_TALLY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "muster/worker/runtime/service.h"

namespace embed {

// Adds up the numbers that a client sends, one in each line, and answers each with the sum. A line
// that is no number ends the client. The sum goes along when the client moves to another worker.
absl::StatusOr<std::unique_ptr<muster::worker::Service>> MakeTally(
    muster::worker::Context& context);

}  // namespace embed

#endif  // SERVICE_TALLY_H_
