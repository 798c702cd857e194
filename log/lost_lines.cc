#include "muster/log/lost_lines.h"

#include <atomic>

namespace muster::log {
namespace {

// Relaxed: only a number.
std::atomic<std::uint64_t> lost_lines{0};

}  // namespace

std::uint64_t LostLines() { return lost_lines.load(std::memory_order_relaxed); }

void CountLostLines(std::uint64_t lines) { lost_lines.fetch_add(lines, std::memory_order_relaxed); }

}  // namespace muster::log
