#include "muster/ctl/master/tls_diagnosis.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "muster/ipc/base/retry.h"

namespace muster::ctl {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Freer<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

// "No such file or directory", "no start line": of the first error that OpenSSL has kept.
std::string ReasonOfOpenSsl() {
  const unsigned long error = ::ERR_peek_error();
  ::ERR_clear_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SYS) return std::strerror(ERR_GET_REASON(error));
  const char* reason = ::ERR_reason_error_string(error);
  return reason != nullptr ? reason : absl::StrCat("error ", error);
}

std::string TimeText(const ASN1_TIME* time) {
  std::unique_ptr<BIO, Freer<BIO_free_all>> text(::BIO_new(::BIO_s_mem()));
  ::ASN1_TIME_print(text.get(), time);
  char buffer[64];
  const int size = ::BIO_read(text.get(), buffer, sizeof(buffer));
  return std::string(buffer, size > 0 ? size : 0);
}

std::string NameText(const X509_NAME* name) {
  std::unique_ptr<BIO, Freer<BIO_free_all>> text(::BIO_new(::BIO_s_mem()));
  ::X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char buffer[256];
  const int size = ::BIO_read(text.get(), buffer, sizeof(buffer));
  return std::string(buffer, size > 0 ? size : 0);
}

// "DNS web.example, IP 127.0.0.1": the names for which a certificate is.
std::string NamesOf(X509* certificate) {
  std::vector<std::string> names;
  auto* list = static_cast<GENERAL_NAMES*>(
      ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list, i);
    const auto text = [](const ASN1_STRING* string) {
      return absl::string_view(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(string)),
                               ::ASN1_STRING_length(string));
    };
    if (name->type == GEN_DNS) names.push_back(absl::StrCat("DNS ", text(name->d.dNSName)));
    if (name->type == GEN_IPADD) {
      const absl::string_view bytes = text(name->d.iPAddress);
      char buffer[INET6_ADDRSTRLEN] = "?";
      ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), buffer, sizeof(buffer));
      names.push_back(absl::StrCat("IP ", buffer));
    }
  }
  GENERAL_NAMES_free(list);
  return names.empty() ? "no name" : absl::StrJoin(names, ", ");
}

// What is wrong with the files, before anything is sent. Empty: nothing. Fills `context` with them.
std::string LoadFiles(SSL_CTX* context, const TlsFiles& files) {
  if (::SSL_CTX_load_verify_locations(context, files.server_ca.c_str(), nullptr) != 1) {
    return absl::StrCat("server_ca ", files.server_ca, ": ", ReasonOfOpenSsl());
  }
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return absl::StrCat("certificate ", files.certificate, ": ", ReasonOfOpenSsl());
  }
  if (::SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return absl::StrCat("key ", files.key, ": ", ReasonOfOpenSsl());
  }
  return "";
}

// What is wrong with the certificate that we show. Empty: nothing that can be seen here.
std::string OfOurCertificate(SSL_CTX* context, const TlsFiles& files) {
  X509* ours = ::SSL_CTX_get0_certificate(context);
  if (::X509_cmp_current_time(::X509_get0_notAfter(ours)) < 0) {
    return absl::StrCat("the certificate ", files.certificate, " has expired on ",
                        TimeText(::X509_get0_notAfter(ours)));
  }
  if (::X509_cmp_current_time(::X509_get0_notBefore(ours)) > 0) {
    return absl::StrCat("the certificate ", files.certificate, " is not valid before ",
                        TimeText(::X509_get0_notBefore(ours)));
  }
  return "";
}

// Keeps the certificate that the master has shown: OpenSSL does not keep one that it refuses.
int KeepCertificate(int is_good, X509_STORE_CTX* check) {
  const int index = ::SSL_get_ex_data_X509_STORE_CTX_idx();
  const auto* connection = static_cast<const SSL*>(::X509_STORE_CTX_get_ex_data(check, index));
  auto* theirs = static_cast<Certificate*>(SSL_get_app_data(connection));
  X509* shown = ::X509_STORE_CTX_get0_cert(check);
  if (shown != nullptr && !*theirs && ::X509_up_ref(shown) == 1) theirs->reset(shown);
  return is_good;
}

// What is wrong with the certificate that the master has shown, by OpenSSL's check of it.
std::string OfMastersCertificate(const Certificate& theirs, long error, const TlsFiles& files) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return absl::StrCat("the master's certificate has expired",
                          theirs ? " on " + TimeText(::X509_get0_notAfter(theirs.get())) : "");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return absl::StrCat("the master's certificate is not valid yet",
                          theirs ? ", before " + TimeText(::X509_get0_notBefore(theirs.get())) : "",
                          "; does this machine's clock go right?");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return absl::StrCat(
          "the master's certificate is from an authority that ", files.server_ca, " does not have",
          theirs ? absl::StrCat(" (", NameText(::X509_get_issuer_name(theirs.get())), ")") : "");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return absl::StrCat("the master's certificate is for ",
                          theirs ? NamesOf(theirs.get()) : "another name", ", not for ",
                          files.server_name, "; server_name can name another");
    default:
      return absl::StrCat("the master's certificate: ", ::X509_verify_cert_error_string(error));
  }
}

// It was refused, for a reason that was not told.
std::string Refused(SSL_CTX* context, const TlsFiles& files) {
  return absl::StrCat("the master refuses the certificate ", files.certificate, ", issued by ",
                      NameText(::X509_get_issuer_name(::SSL_CTX_get0_certificate(context))));
}

// True if the other side has closed the connection without a word of TLS.
bool IsEnd(int kind) {
  if (kind == SSL_ERROR_ZERO_RETURN || kind == SSL_ERROR_SYSCALL) return true;
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
  return ERR_GET_REASON(::ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
#else
  return false;
#endif
}

// What the master has said, or that it is not TLS that it speaks.
std::string OfTheOtherSide(int reason, const TlsFiles& files) {
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return absl::StrCat("the master does not know the authority of the certificate ",
                          files.certificate);
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return absl::StrCat("the master says that the certificate ", files.certificate,
                          " has expired");
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return absl::StrCat("the master says that the certificate ", files.certificate,
                          " was revoked");
#ifdef SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
#endif
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return absl::StrCat("the master refuses the certificate ", files.certificate);
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "what listens there does not speak TLS";
    default:
      return "";
  }
}

// Keeps SIGPIPE from this thread while it lives: OpenSSL writes to sockets without MSG_NOSIGNAL.
class NoSigpipe {
 public:
  NoSigpipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now = {};
    if (!was_pending_) {
      ipc::RetryOnEintr([&] { return ::sigtimedwait(&pipe_, nullptr, &now); });
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_;
};

bool MustWait(int kind) { return kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE; }

// Goes on with `step` of a connection until it ends, or waits for the other side at `deadline`.
template <typename Step>
int Await(SSL* connection, ipc::Deadline deadline, Step step) {
  while (true) {
    const int result = step();
    const int kind = ::SSL_get_error(connection, result);
    if (!MustWait(kind)) return result;
    const short events = kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    pollfd ready = {.fd = ::SSL_get_fd(connection), .events = events, .revents = 0};
    if (ipc::RetryOnEintr([&] { return ::poll(&ready, 1, deadline.poll_timeout()); }) == 0) {
      return result;
    }
  }
}

// The reason. Empty: there was no answer in time.
std::string Diagnose(int fd, const TlsFiles& files, ipc::Deadline deadline) {
  ::ERR_clear_error();
  const Context context(::SSL_CTX_new(::TLS_client_method()));
  if (!context) return ReasonOfOpenSsl();
  if (std::string mistake = LoadFiles(context.get(), files); !mistake.empty()) return mistake;
  if (std::string mistake = OfOurCertificate(context.get(), files); !mistake.empty()) {
    return mistake;
  }
  const Connection connection(::SSL_new(context.get()));
  X509_VERIFY_PARAM* check = ::SSL_get0_param(connection.get());
  if (::X509_VERIFY_PARAM_set1_ip_asc(check, files.server_name.c_str()) != 1) {
    ::ERR_clear_error();
    ::SSL_set1_host(connection.get(), files.server_name.c_str());
    ::SSL_set_tlsext_host_name(connection.get(), files.server_name.c_str());
  }
  Certificate theirs;
  SSL_set_app_data(connection.get(), &theirs);
  ::SSL_set_verify(connection.get(), SSL_VERIFY_PEER, KeepCertificate);
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  ::SSL_set_alpn_protos(connection.get(), kHttp2, sizeof(kHttp2));
  ::SSL_set_fd(connection.get(), fd);

  // Since TLS 1.3 the master's refusal of our certificate comes when all is done on our side.
  char byte = 0;
  int result = Await(connection.get(), deadline, [&] { return ::SSL_connect(connection.get()); });
  const bool is_made = result == 1;
  if (is_made) {
    result =
        Await(connection.get(), deadline, [&] { return ::SSL_read(connection.get(), &byte, 1); });
  }
  if (result == 1) return "what listens there speaks TLS, but not gRPC";
  if (const long error = ::SSL_get_verify_result(connection.get()); error != X509_V_OK) {
    return OfMastersCertificate(theirs, error, files);
  }
  const int kind = ::SSL_get_error(connection.get(), result);
  if (MustWait(kind)) return "";
  if (IsEnd(kind)) {
    return is_made ? Refused(context.get(), files)
                   : "what listens there hangs up; it does not speak TLS";
  }
  std::string told = OfTheOtherSide(ERR_GET_REASON(::ERR_peek_error()), files);
  if (!told.empty()) return told;
  return absl::StrCat("TLS: ", ReasonOfOpenSsl());
}

}  // namespace

absl::Status DiagnoseTls(const ipc::UniqueFd& fd, const TlsFiles& files, ipc::Deadline deadline) {
  const NoSigpipe no_sigpipe;
  const std::string reason = Diagnose(fd.get(), files, deadline);
  if (reason.empty()) return absl::DeadlineExceededError("no answer in time");
  return absl::PermissionDeniedError(reason);
}

}  // namespace muster::ctl
