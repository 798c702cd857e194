#ifndef MUSTER_WORKER_HTTP_RESPONSE_OUTBOX_H_
#define MUSTER_WORKER_HTTP_RESPONSE_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "muster/worker/http/response/file_transfer.h"

namespace muster::worker::http {

// Removes from the front of `bytes` what the non-blocking `socket` takes in one call; nothing, if
// it is full. False: the connection is broken.
bool SendSome(int socket, absl::string_view& bytes, bool has_more = false);

// What one connection was answered and its socket has not taken yet: bytes, then perhaps parts
// of a file. Belongs to one thread.
class Outbox {
 public:
  // Before a transfer is there, or with what goes before it.
  void Append(absl::string_view bytes) { bytes_.append(bytes.data(), bytes.size()); }
  void SetTransfer(std::unique_ptr<FileTransfer> transfer) { transfer_ = std::move(transfer); }
  // Null: there is none. It stays after it was sent.
  const FileTransfer* transfer() const { return transfer_.get(); }

  enum class Outcome {
    kSent,     // all of it
    kWaiting,  // for the socket, or for its next turn
    kFailed,
  };
  // Sends what the non-blocking `socket` takes, but of a file no more than a turn allows.
  Outcome Send(int socket);

  // Since it was asked last.
  std::uint64_t TakeSentBytes();

 private:
  std::string bytes_;
  std::size_t bytes_sent_ = 0;
  std::unique_ptr<FileTransfer> transfer_;
  std::uint64_t untold_bytes_ = 0;
};

}  // namespace muster::worker::http

#endif  // MUSTER_WORKER_HTTP_RESPONSE_OUTBOX_H_
