#include "muster/master/tls/tls_material.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "muster/host/file_privacy.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/base/retry.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free)>;
using ContextPointer = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const host::WaitNote note("reading", path);
  // A FIFO must not be waited for, before it is seen to be one.
  const ipc::UniqueFd fd(ipc::RetryOnEintr(
      [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }));
  if (!fd.valid()) return ipc::ErrnoStatus(absl::StrCat("open ", path));
  struct stat file = {};
  if (::fstat(fd.get(), &file) != 0) return ipc::ErrnoStatus(absl::StrCat("fstat ", path));
  if (!S_ISREG(file.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is not a regular file"));
  }
  // One byte more tells that there are too many.
  std::string text(TlsMaterial::kMostBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got =
        ipc::RetryOnEintr([&] { return ::read(fd.get(), &text[size], text.size() - size); });
    if (got < 0) return ipc::ErrnoStatus(absl::StrCat("read ", path));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > TlsMaterial::kMostBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has more than ", TlsMaterial::kMostBytes, " bytes"));
  }
  text.resize(size);
  return text;
}

BioPointer Over(const std::string& text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
}

// A key with a passphrase is not asked for: nobody is there to type it.
int NoPassphrase(char*, int, int, void*) { return 0; }

struct Certificates {
  X509Pointer first;
  int count = 0;
};

// Those of the text. InvalidArgument: there is none, or one cannot be read.
absl::StatusOr<Certificates> ReadCertificates(const std::string& path, const std::string& text) {
  const BioPointer bio = Over(text);
  X509Pointer first(nullptr, &X509_free);
  int number = 0;
  while (true) {
    ERR_clear_error();
    X509Pointer next(PEM_read_bio_X509(bio.get(), nullptr, &NoPassphrase, nullptr), &X509_free);
    if (next == nullptr) break;
    ++number;
    if (first == nullptr) first = std::move(next);
  }
  const bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (is_end && first != nullptr) return Certificates{std::move(first), number};
  return absl::InvalidArgumentError(
      is_end ? absl::StrCat(path, " has no certificate in PEM (BEGIN CERTIFICATE)")
             : absl::StrCat(path, ": certificate ", number + 1, " in it cannot be read"));
}

absl::StatusOr<KeyPointer> ReadKey(const std::string& path, const std::string& text) {
  const BioPointer bio = Over(text);
  ERR_clear_error();
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr),
                 &EVP_PKEY_free);
  ERR_clear_error();
  if (key != nullptr) return key;
  // Versions differ in what they say.
  if (!absl::StrContains(text, "PRIVATE KEY-----")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has no private key in PEM (BEGIN PRIVATE KEY)"));
  }
  if (absl::StrContains(text, "ENCRYPTED")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " has a passphrase, which nobody is there to type"));
  }
  return absl::InvalidArgumentError(absl::StrCat(path, ": the private key cannot be read"));
}

// Whether a server of this machine can use them: its OpenSSL refuses keys and digests that are too
// weak for its security level.
absl::Status CheckUse(const std::string& path, X509* certificate, EVP_PKEY* key) {
  const ContextPointer context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  ERR_clear_error();
  if (context == nullptr || SSL_CTX_use_certificate(context.get(), certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key) != 1) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return absl::InvalidArgumentError(absl::StrCat(
        path, " cannot be used for TLS here: ", reason != nullptr ? reason : "no reason"));
  }
  return absl::OkStatus();
}

std::string SubjectOf(X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "";
}

absl::Time ExpiryOf(X509* certificate) {
  std::tm time = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return absl::InfiniteFuture();
  return absl::FromTM(time, absl::UTCTimeZone());
}

constexpr char kCertificate[] = "admin.tls.certificate";
constexpr char kKey[] = "admin.tls.key";
constexpr char kClientCa[] = "admin.tls.client_ca";

}  // namespace

absl::StatusOr<TlsMaterial> TlsMaterial::Read(const config::v1::AdminTls& files) {
  absl::StatusOr<std::string> certificate = ReadFile(files.certificate());
  if (!certificate.ok()) return config::AtField(certificate.status(), kCertificate);
  absl::StatusOr<std::string> key = ReadFile(files.key());
  if (!key.ok()) return config::AtField(key.status(), kKey);
  absl::StatusOr<std::string> client_ca = ReadFile(files.client_ca());
  if (!client_ca.ok()) return config::AtField(client_ca.status(), kClientCa);
  absl::StatusOr<TlsMaterial> material =
      Of(files, *std::move(certificate), *std::move(key), *std::move(client_ca));
  if (material.ok()) material->key_exposure_ = host::WhyNotPrivate(files.key());
  return material;
}

absl::StatusOr<TlsMaterial> TlsMaterial::Of(const config::v1::AdminTls& files,
                                            std::string certificate, std::string key,
                                            std::string client_ca) {
  const absl::StatusOr<Certificates> own = ReadCertificates(files.certificate(), certificate);
  if (!own.ok()) return config::AtField(own.status(), kCertificate);
  const absl::StatusOr<KeyPointer> own_key = ReadKey(files.key(), key);
  if (!own_key.ok()) return config::AtField(own_key.status(), kKey);
  if (X509_check_private_key(own->first.get(), own_key->get()) != 1) {
    ERR_clear_error();
    return config::AtField(absl::InvalidArgumentError(absl::StrCat(
                               files.key(), " is not the key of the certificate ",
                               SubjectOf(own->first.get()), " in ", files.certificate())),
                           kKey);
  }
  const absl::Status use = CheckUse(files.certificate(), own->first.get(), own_key->get());
  if (!use.ok()) return config::AtField(use, kCertificate);
  const absl::StatusOr<Certificates> authorities = ReadCertificates(files.client_ca(), client_ca);
  if (!authorities.ok()) return config::AtField(authorities.status(), kClientCa);

  TlsMaterial material(std::move(certificate), std::move(key), std::move(client_ca));
  material.subject_ = SubjectOf(own->first.get());
  material.expiry_ = ExpiryOf(own->first.get());
  material.authorities_ = authorities->count;
  return material;
}

}  // namespace muster::master
