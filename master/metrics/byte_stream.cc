#include "muster/master/metrics/byte_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "muster/ipc/base/retry.h"

namespace muster::master {
namespace {

using Outcome = ByteStream::Outcome;

class Plain final : public ByteStream {
 public:
  explicit Plain(ipc::UniqueFd fd) : fd_(std::move(fd)) {}

  Outcome Handshake() override { return Outcome::kDone; }
  Outcome Read(char* bytes, std::size_t most, std::size_t& came) override {
    return Take(ipc::RetryOnEintr([&] { return ::recv(fd_.get(), bytes, most, 0); }), came,
                Outcome::kWantsRead);
  }
  Outcome Write(absl::string_view bytes, std::size_t& taken) override {
    return Take(ipc::RetryOnEintr(
                    [&] { return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }),
                taken, Outcome::kWantsWrite);
  }
  int fd() const override { return fd_.get(); }

 private:
  static Outcome Take(ssize_t result, std::size_t& count, Outcome wants) {
    if (result < 0) return errno == EAGAIN ? wants : Outcome::kClosed;
    if (result == 0) return Outcome::kClosed;
    count = static_cast<std::size_t>(result);
    return Outcome::kDone;
  }

  const ipc::UniqueFd fd_;
};

class Tls final : public ByteStream {
 public:
  Tls(SSL* ssl, ipc::UniqueFd fd) : fd_(std::move(fd)), ssl_(ssl) {}
  ~Tls() override { SSL_free(ssl_); }

  Outcome Handshake() override { return Take(SSL_accept(ssl_)); }
  Outcome Read(char* bytes, std::size_t most, std::size_t& came) override {
    ERR_clear_error();
    const int result = SSL_read(ssl_, bytes, static_cast<int>(most));
    if (result > 0) came = static_cast<std::size_t>(result);
    return Take(result);
  }
  Outcome Write(absl::string_view bytes, std::size_t& taken) override {
    ERR_clear_error();
    const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
    const int result = SSL_write(ssl_, bytes.data(), size);
    if (result > 0) taken = static_cast<std::size_t>(result);
    return Take(result);
  }
  int fd() const override { return fd_.get(); }

 private:
  Outcome Take(int result) const {
    if (result > 0) return Outcome::kDone;
    switch (SSL_get_error(ssl_, result)) {
      case SSL_ERROR_WANT_READ:
        return Outcome::kWantsRead;
      case SSL_ERROR_WANT_WRITE:
        return Outcome::kWantsWrite;
      default:
        ERR_clear_error();
        return Outcome::kClosed;
    }
  }

  const ipc::UniqueFd fd_;  // closed after ssl_, which does not own it, is freed
  SSL* const ssl_;
};

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

std::unique_ptr<BIO, FreeBio> Over(const std::string& text) {
  return std::unique_ptr<BIO, FreeBio>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Calls `take` with each certificate of the text. False: it refused one.
template <typename Take>
bool TakeCertificates(const std::string& text, Take take) {
  const auto bio = Over(text);
  while (true) {
    const std::unique_ptr<X509, FreeCertificate> next(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (next == nullptr) return true;
    if (!take(next.get())) return false;
  }
}

bool Use(SSL_CTX* context, const TlsMaterial& material) {
  bool is_first = true;
  const bool has_own = TakeCertificates(material.certificate(), [&](X509* certificate) {
    if (std::exchange(is_first, false)) return SSL_CTX_use_certificate(context, certificate) == 1;
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
  });
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(Over(material.key()).get(), nullptr, nullptr, nullptr));
  const bool has_authorities = TakeCertificates(material.client_ca(), [&](X509* certificate) {
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1 &&
           SSL_CTX_add_client_CA(context, certificate) == 1;
  });
  return has_own && has_authorities && key != nullptr &&
         SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

std::unique_ptr<ByteStream> PlainStream(ipc::UniqueFd fd) {
  return std::make_unique<Plain>(std::move(fd));
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Make(const TlsMaterial& material) {
  std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr || !Use(context.get(), material)) {
    ERR_clear_error();
    return absl::InternalError("OpenSSL does not take the certificate and its key");
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // A client that came before shows its certificate again: it may be denied by now.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context)));
}

std::unique_ptr<ByteStream> TlsContext::Accept(ipc::UniqueFd fd) const {
  SSL* const ssl = SSL_new(context_.get());
  if (ssl == nullptr) return nullptr;
  if (SSL_set_fd(ssl, fd.get()) != 1) {
    SSL_free(ssl);
    return nullptr;
  }
  return std::make_unique<Tls>(ssl, std::move(fd));
}

}  // namespace muster::master
