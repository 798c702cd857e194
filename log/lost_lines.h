#ifndef MUSTER_LOG_LOST_LINES_H_
#define MUSTER_LOG_LOST_LINES_H_

#include <cstdint>

namespace muster::log {

// The lines that this process has lost in all of its logs, since its start. Thread-safe.
std::uint64_t LostLines();
void CountLostLines(std::uint64_t lines);

}  // namespace muster::log

#endif  // MUSTER_LOG_LOST_LINES_H_
