#ifndef MUSTER_MASTER_ADMIN_SERVER_TLS_IN_FORCE_H_
#define MUSTER_MASTER_ADMIN_SERVER_TLS_IN_FORCE_H_

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "muster/loop/event_loop.h"
#include "muster/master/access/admin_terms.h"
#include "muster/master/admin/connection/server_tls.h"
#include "muster/master/process/log.h"
#include "muster/master/tls/tls_material.h"
#include "muster/master/tls/tls_watch.h"

namespace muster::master {

// What is in force for TLS: what the configuration names, and what its files have next. In the
// loop's thread.
class TlsInForce {
 public:
  struct Surroundings {
    loop::EventLoop& loop;
    Log& log;
    // Null, or told what the files have next.
    std::function<void(const TlsMaterial&)> on_change;
    // Destroys in another thread what may hang in a file system.
    std::function<void(std::shared_ptr<void>)> close;
  };

  explicit TlsInForce(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  TlsInForce(const TlsInForce&) = delete;
  TlsInForce& operator=(const TlsInForce&) = delete;

  // Has what these terms have in force, unless they name the files that are watched already: of
  // those the watch has seen more. ResourceExhausted: no thread can be started; then they are not
  // watched.
  absl::Status Set(const AdminTerms& terms);

  // For connections that begin now. Null: there is no TLS.
  const ServerTls* server() const { return server_.get(); }
  const std::optional<TlsMaterial>& material() const { return material_; }

 private:
  void OnChange(const absl::StatusOr<TlsMaterial>& material);
  void Use(const std::optional<TlsMaterial>& material);
  // What of `material` is not in force yet.
  void TellNews(const TlsMaterial& material);
  void TellExposure(const TlsMaterial& material);

  const Surroundings surroundings_;
  std::optional<TlsMaterial> material_;
  std::unique_ptr<ServerTls> server_;
  std::unique_ptr<TlsWatch> watch_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_ADMIN_SERVER_TLS_IN_FORCE_H_
