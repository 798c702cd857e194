#ifndef MUSTER_WORKER_STREAM_INPUT_BUFFER_H_
#define MUSTER_WORKER_STREAM_INPUT_BUFFER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace muster::worker {

// The input of one client that its session has not consumed, in one piece. Consuming moves no byte:
// only when more comes than fits behind it, what is left is moved, and each byte is moved a bounded
// number of times on average. Owns no memory while it is empty. Belongs to one thread.
//
// What was just received may be in a buffer that many clients share. It is borrowed from there, and
// copied only if some of it is left at the end (Keep).
class InputBuffer {
 public:
  absl::string_view bytes() const {
    return borrowed_.data() != nullptr ? borrowed_
                                       : absl::string_view(memory_.get() + begin_, end_ - begin_);
  }
  std::size_t size() const { return bytes().size(); }
  bool empty() const { return bytes().empty(); }

  // Only while it is empty. `bytes` stay where they are until Keep, Clear or Take.
  void Borrow(absl::string_view bytes);
  // Copies what is left of the borrowed bytes.
  void Keep();

  // Room for at least `least_bytes` behind the bytes; nothing is borrowed. Invalidates bytes().
  absl::Span<char> Room(std::size_t least_bytes);
  // So many bytes were written to the front of the room.
  void Commit(std::size_t size_bytes) { end_ += size_bytes; }
  void Append(absl::string_view bytes);

  // Removes `size_bytes`, at most size(), from the front.
  void Consume(std::size_t size_bytes) {
    if (borrowed_.data() != nullptr) {
      borrowed_.remove_prefix(size_bytes);
    } else {
      begin_ += size_bytes;
      if (begin_ == end_) Clear();
    }
  }
  void Clear();
  // Moves everything out.
  std::string Take();

 private:
  absl::string_view borrowed_;  // not null: memory_ has nothing
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_INPUT_BUFFER_H_
