#ifndef MUSTER_MASTER_ADMIN_CONNECTION_ANSWER_TIME_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_ANSWER_TIME_H_

#include <chrono>
#include <optional>

#include "muster/loop/clock.h"

namespace muster::master {

// When a call that has `remaining` until its deadline must be answered, so that the caller gets the
// answer and not its own DEADLINE_EXCEEDED: a tenth of that time before, but at least 250 ms, and
// at most half of it. gRPC tells the server the remaining time rounded up, by up to a
// hundredth, and the answer has to travel. Nothing: the call has no deadline. Pure and thread-safe.
std::optional<loop::TimePoint> AnswerTime(std::chrono::system_clock::duration remaining,
                                          loop::TimePoint now);

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_ANSWER_TIME_H_
