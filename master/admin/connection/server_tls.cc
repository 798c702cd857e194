#include "muster/master/admin/connection/server_tls.h"

#include <utility>
#include <vector>

#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"

namespace muster::master {
namespace {

namespace tls = grpc::experimental;

// gRPC asks it when the certificate was found good, and the handshake is over.
class NoteVerified final : public tls::ExternalCertificateVerifier {
 public:
  explicit NoteVerified(std::function<void()> on_verified) : on_verified_(std::move(on_verified)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest*, std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    on_verified_();
    *status = grpc::Status::OK;
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::function<void()> on_verified_;
};

std::shared_ptr<tls::CertificateProviderInterface> ProviderOf(const TlsMaterial& material) {
  const std::vector<tls::IdentityKeyCertPair> own = {{material.key(), material.certificate()}};
  return std::make_shared<tls::StaticDataCertificateProvider>(material.client_ca(), own);
}

}  // namespace

ServerTls::ServerTls(const TlsMaterial& material) : provider_(ProviderOf(material)) {}

std::shared_ptr<grpc::ServerCredentials> ServerTls::ForConnection(
    std::function<void()> on_verified) const {
  tls::TlsServerCredentialsOptions options(provider_);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<NoteVerified>(std::move(on_verified)));
  return tls::TlsServerCredentials(options);
}

}  // namespace muster::master
