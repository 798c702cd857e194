#include "muster/worker/stream/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "muster/ipc/base/check.h"

namespace muster::worker {
namespace {

constexpr std::size_t kLeastCapacity = 512;

}  // namespace

void InputBuffer::Borrow(absl::string_view bytes) {
  MUSTER_CHECK(empty(), "input is borrowed only while there is none");
  Clear();
  borrowed_ = bytes;
}

void InputBuffer::Keep() {
  const absl::string_view left = std::exchange(borrowed_, absl::string_view());
  if (!left.empty()) Append(left);
}

absl::Span<char> InputBuffer::Room(std::size_t least_bytes) {
  const std::size_t size = end_ - begin_;
  if (capacity_ - end_ < least_bytes) {
    if (capacity_ - size >= least_bytes && begin_ >= size) {
      // At least as many bytes were consumed since the last move as are moved now.
      std::memmove(memory_.get(), memory_.get() + begin_, size);
    } else {
      const std::size_t capacity = std::max({kLeastCapacity, 2 * size, size + least_bytes});
      std::unique_ptr<char[]> memory(new char[capacity]);
      if (size > 0) std::memcpy(memory.get(), memory_.get() + begin_, size);
      memory_ = std::move(memory);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = size;
  }
  return absl::MakeSpan(memory_.get() + end_, capacity_ - end_);
}

void InputBuffer::Append(absl::string_view bytes) {
  if (bytes.empty()) return;
  std::memcpy(Room(bytes.size()).data(), bytes.data(), bytes.size());
  Commit(bytes.size());
}

void InputBuffer::Clear() {
  borrowed_ = absl::string_view();
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
}

std::string InputBuffer::Take() {
  std::string taken(bytes());
  Clear();
  return taken;
}

}  // namespace muster::worker
