#ifndef MUSTER_MASTER_METRICS_BYTE_STREAM_H_
#define MUSTER_MASTER_METRICS_BYTE_STREAM_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/tls/tls_material.h"

namespace muster::master {

// The bytes of one connection that does not block, with TLS or without. One thread at a time.
class ByteStream {
 public:
  // Wants: call again when the descriptor is readable, or writable.
  enum class Outcome { kDone, kWantsRead, kWantsWrite, kClosed };

  virtual ~ByteStream() = default;
  virtual Outcome Handshake() = 0;
  // kDone: at least one byte came.
  virtual Outcome Read(char* bytes, std::size_t most, std::size_t& came) = 0;
  // kDone: at least one byte was taken.
  virtual Outcome Write(absl::string_view bytes, std::size_t& taken) = 0;
  virtual int fd() const = 0;
};

std::unique_ptr<ByteStream> PlainStream(ipc::UniqueFd fd);

// What the streams of one server share for TLS 1.2 and 1.3, in which a client shows a certificate.
// Thread-safe.
class TlsContext {
 public:
  // Internal: OpenSSL takes no such material, though TlsMaterial has found it right.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Make(const TlsMaterial& material);

  // Null: no memory for one.
  std::unique_ptr<ByteStream> Accept(ipc::UniqueFd fd) const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit TlsContext(std::unique_ptr<SSL_CTX, Free> context) : context_(std::move(context)) {}

  const std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_METRICS_BYTE_STREAM_H_
