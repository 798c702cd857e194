#include "muster/master/metrics/metrics_page.h"

#include "absl/strings/str_cat.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/master/metrics/byte_stream.h"

namespace muster::master {
namespace {

bool IsFar(const listen::Address& address) { return !address.is_unix() && !address.is_loopback(); }

}  // namespace

absl::Status MetricsPage::Keep(const ListenerSet& listeners,
                               const std::optional<TlsMaterial>& tls) {
  std::shared_ptr<const Listener> socket = listeners.ForMetrics();
  if (socket == nullptr) {
    if (socket_ == nullptr) return absl::OkStatus();
    log_.Write(Severity::kInfo,
               absl::StrCat("metrics: no longer listening on ", socket_->address().ToString()));
    server_->Listen(ipc::UniqueFd(), nullptr);
    socket_ = nullptr;
    return absl::OkStatus();
  }
  const listen::Address& address = socket->address();
  const std::optional<TlsMaterial> used = IsFar(address) ? tls : std::nullopt;
  if (socket == socket_ && used == tls_) return absl::OkStatus();
  std::shared_ptr<const TlsContext> context;
  if (IsFar(address)) {
    MUSTER_CHECK(used.has_value(), "the configuration was checked");
    MUSTER_ASSIGN_OR_RETURN(context, TlsContext::Make(*used));
  }
  if (server_ == nullptr) {
    MUSTER_ASSIGN_OR_RETURN(server_, ScrapeServer::Start(text_));
  }
  MUSTER_ASSIGN_OR_RETURN(ipc::UniqueFd listener, ipc::DuplicateFd(socket->fd()));
  server_->Listen(std::move(listener), std::move(context));
  tls_ = used;
  const bool is_elsewhere = socket_ == nullptr || socket_->address() != address;
  socket_ = std::move(socket);
  if (is_elsewhere) {
    log_.Write(Severity::kInfo,
               absl::StrCat("metrics: listening on ", socket_->address().ToString(),
                            tls_.has_value() ? ", TLS" : ""));
  }
  return absl::OkStatus();
}

}  // namespace muster::master
