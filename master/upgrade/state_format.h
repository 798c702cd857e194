#ifndef MUSTER_MASTER_UPGRADE_STATE_FORMAT_H_
#define MUSTER_MASTER_UPGRADE_STATE_FORMAT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "muster/proto/state/master_state.pb.h"

namespace muster::master {

// The formats of MasterState (proto/state/master_state.proto) that this program reads and writes:
// the present one, and the one before it from kOldestStateFormat on. The number grows with each
// field, since a program refuses a state with one that it does not know. To a program that reads no
// other the one before is written: so there is a way back. Definitions that are linked beside these
// take their place (//tests/next).
extern const std::uint32_t kStateFormat;
extern const std::uint32_t kOldestStateFormat;

// Makes of a state as this program has it what `format` has, which is one of those two. What that
// one has no place for is left out.
void ToStateFormat(std::uint32_t format, state::v1::MasterState& state);
// The reverse, of a state of format state.format(). InvalidArgument: it is not what that one has.
absl::Status FromStateFormat(state::v1::MasterState& state);

}  // namespace muster::master

#endif  // MUSTER_MASTER_UPGRADE_STATE_FORMAT_H_
