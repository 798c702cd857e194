#ifndef MUSTER_WORKER_HTTP_RESPONSE_FILE_TRANSFER_H_
#define MUSTER_WORKER_HTTP_RESPONSE_FILE_TRANSFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "muster/worker/http/message/byte_range.h"
#include "muster/worker/http/response/open_file.h"

namespace muster::worker::http {

// Parts of a file on their way to a socket, by sendfile. The process ignores SIGPIPE, against which
// sendfile has no flag. Belongs to one thread.
class FileTransfer {
 public:
  struct Part {
    std::string before;  // sent before the range
    ByteRange range;     // may have no bytes
  };

  FileTransfer(std::shared_ptr<const OpenFile> file, std::vector<Part> parts);

  enum class Outcome {
    kComplete,
    kBlocked,  // the socket is full
    kPaused,   // `max_bytes` were sent; the socket may take more
    kFailed,   // of the connection, or the file is shorter than it was
  };
  // Sends what the non-blocking `socket` takes, and about `max_bytes` at most.
  Outcome Send(int socket, std::uint64_t max_bytes);

  std::uint64_t sent_bytes() const { return sent_bytes_; }

 private:
  // Of the part at hand. 0: nothing is left of it; -1 with errno.
  std::int64_t SendSome(int socket, Part& part);

  std::shared_ptr<const OpenFile> file_;
  std::vector<Part> parts_;
  std::size_t next_part_ = 0;
  std::size_t before_sent_ = 0;  // of the part at hand
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_FILE_TRANSFER_H_
