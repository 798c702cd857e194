#include "muster/master/admin/server/tls_in_force.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/message_differencer.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/proto/field_error.h"

namespace muster::master {

using google::protobuf::util::MessageDifferencer;

absl::Status TlsInForce::Set(const AdminTerms& terms) {
  const bool is_same = watch_ != nullptr && terms.tls.has_value() &&
                       MessageDifferencer::Equals(watch_->files(), terms.tls_files);
  // The watch has seen what these files have, or will.
  if (is_same) return absl::OkStatus();
  // The old one's thread may hang in a file system.
  if (watch_ != nullptr) surroundings_.close(std::shared_ptr<SideThread>(watch_->TakeThread()));
  watch_ = nullptr;
  Use(terms.tls);
  if (!terms.tls.has_value()) return absl::OkStatus();
  MUSTER_ASSIGN_OR_RETURN(
      watch_,
      TlsWatch::Start(surroundings_.loop, terms.tls_files, *terms.tls,
                      [this](const absl::StatusOr<TlsMaterial>& material) { OnChange(material); }));
  return absl::OkStatus();
}

void TlsInForce::OnChange(const absl::StatusOr<TlsMaterial>& material) {
  if (!material.ok()) {
    surroundings_.log.Write(
        Severity::kWarning,
        absl::StrCat("admin: what was in force for TLS stays: ", config::FieldOf(material.status()),
                     ": ", material.status().message()));
    return;
  }
  Use(*material);
  if (surroundings_.on_change) surroundings_.on_change(*material);
}

void TlsInForce::Use(const std::optional<TlsMaterial>& material) {
  material_ = material;
  server_ = material.has_value() ? std::make_unique<ServerTls>(*material) : nullptr;
  if (material.has_value()) Tell(*material);
}

void TlsInForce::Tell(const TlsMaterial& material) {
  const bool is_expired = material.expiry() < absl::Now();
  surroundings_.log.Write(
      is_expired ? Severity::kWarning : Severity::kInfo,
      absl::StrCat("admin: the certificate of ", log::Printable(material.subject()),
                   " is in force, ", is_expired ? "and expired on " : "until ",
                   absl::FormatTime("%Y-%m-%d %H:%M", material.expiry(), absl::UTCTimeZone()),
                   " UTC"));
}

}  // namespace muster::master
