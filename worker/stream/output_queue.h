#ifndef MUSTER_WORKER_STREAM_OUTPUT_QUEUE_H_
#define MUSTER_WORKER_STREAM_OUTPUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker {

// Bytes of a file: a regular one, open for reading. They are sent by sendfile(2), so that they are
// never in the memory of the process. The file must stay as long as it was.
struct FileRange {
  std::shared_ptr<const ipc::UniqueFd> file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// What one client was written and the kernel has not taken: text, cords and parts of files, in
// their order. Small texts are gathered into one. Belongs to one thread. No call blocks.
class OutputQueue {
 public:
  void Append(absl::string_view text);
  void Append(absl::Cord cord);
  void Append(FileRange range);

  bool empty() const { return bytes_ == 0; }
  // All that is left, and of it what is in memory.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t memory_bytes() const { return bytes_ - file_bytes_; }
  bool has_file() const { return file_bytes_ > 0; }

  enum class Outcome {
    kSent,       // all of it
    kBlocked,    // the socket is full
    kPaused,     // about `most_bytes` were sent; the socket may take more
    kFailed,     // the connection is broken
    kFileEnded,  // a file is shorter than it was; what was written cannot be sent
  };
  // Sends what the non-blocking `socket` takes, and about `most_bytes` at most. The process ignores
  // SIGPIPE, against which sendfile has no flag.
  Outcome Send(int socket, std::uint64_t most_bytes);

  // What is left, as one text. Only without a file in it.
  std::string Take();
  void Clear();

  // A string whose memory is to be used for the next text, while it is empty; and that string, or
  // another one, back. So clients that wait need no memory of their own.
  void Lend(std::string& spare);
  void GiveBack(std::string& spare);

 private:
  using Piece = std::variant<std::string, absl::Cord, FileRange>;

  // Of what is before the first file; -1 with errno.
  std::int64_t SendMemory(int socket) const;
  std::int64_t SendFile(int socket, std::uint64_t most_bytes);
  // From the front.
  void Remove(std::uint64_t size_bytes);
  void PopFront();
  // Moves the text behind the pieces.
  void EndText();

  std::vector<Piece> pieces_;  // before the text; those before next_ are sent
  std::size_t next_ = 0;
  std::string text_;            // the last, which grows
  std::size_t sent_bytes_ = 0;  // of the first piece if that is a string, or of the text
  std::uint64_t bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace muster::worker

#endif  // MUSTER_WORKER_STREAM_OUTPUT_QUEUE_H_
