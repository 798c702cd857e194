#ifndef MUSTER_MASTER_ADMIN_CONNECTION_SERVER_TLS_H_
#define MUSTER_MASTER_ADMIN_CONNECTION_SERVER_TLS_H_

#include <functional>
#include <memory>

#include "grpcpp/grpcpp.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "muster/master/tls/tls_material.h"

namespace muster::master {

// What gRPC needs to speak mutual TLS: version 1.2 or 1.3, and a certificate that one of the
// authorities has signed. Thread-safe.
class ServerTls {
 public:
  explicit ServerTls(const TlsMaterial& material);

  // The credentials of a server that has one connection. `on_verified` is called in a thread of
  // gRPC's when the client has shown a certificate that is good.
  std::shared_ptr<grpc::ServerCredentials> ForConnection(std::function<void()> on_verified) const;

 private:
  const std::shared_ptr<grpc::experimental::CertificateProviderInterface> provider_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_CONNECTION_SERVER_TLS_H_
