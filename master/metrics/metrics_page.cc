#include "muster/master/metrics/metrics_page.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/metrics/byte_stream.h"

namespace muster::master {

absl::Status MetricsPage::Keep(const ListenerSet& listeners, const AdminTerms& terms) {
  std::shared_ptr<const Listener> socket = listeners.ForMetrics();
  if (socket == nullptr) {
    if (socket_ == nullptr) return absl::OkStatus();
    log_.Write(Severity::kInfo,
               absl::StrCat("metrics: no longer listening on ", socket_->address().ToString()));
    server_->Listen(ipc::UniqueFd(), nullptr);
    socket_ = nullptr;
    return absl::OkStatus();
  }
  const Address& address = socket->address();
  has_tls_ = !address.is_unix() && !address.is_loopback();
  std::shared_ptr<const TlsContext> tls;
  if (has_tls_) {
    MUSTER_ASSIGN_OR_RETURN(tls, TlsContext::Make(*terms.tls));
  }
  if (server_ == nullptr) {
    MUSTER_ASSIGN_OR_RETURN(server_, ScrapeServer::Start(text_));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd listener, ipc::DuplicateFd(socket->fd()));
  server_->Listen(std::move(listener), std::move(tls));
  if (socket != socket_) {
    log_.Write(Severity::kInfo,
               absl::StrCat("metrics: listening on ", address.ToString(), has_tls_ ? ", TLS" : ""));
  }
  socket_ = std::move(socket);
  return absl::OkStatus();
}

void MetricsPage::SetTls(const TlsMaterial& material) {
  if (socket_ == nullptr || !has_tls_) return;
  absl::StatusOr<std::shared_ptr<const TlsContext>> tls = TlsContext::Make(material);
  if (tls.ok()) return server_->SetTls(*std::move(tls));
  log_.Write(Severity::kError, absl::StrCat("metrics: ", tls.status().message()));
}

}  // namespace muster::master
