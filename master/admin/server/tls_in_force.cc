#include "muster/master/admin/server/tls_in_force.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/message_differencer.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/proto/counted.h"
#include "muster/proto/field_error.h"

namespace muster::master {

using google::protobuf::util::MessageDifferencer;

absl::Status TlsInForce::Set(const AdminTerms& terms) {
  const bool is_same = watch_ != nullptr && terms.tls.has_value() &&
                       MessageDifferencer::Equals(watch_->files(), terms.tls_files);
  // The watch has seen what these files have, or will. It does not look at their modes.
  if (is_same) {
    TellExposure(*terms.tls);
    return absl::OkStatus();
  }
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
  if (material.has_value()) TellNews(*material);
  material_ = material;
  server_ = material.has_value() ? std::make_unique<ServerTls>(*material) : nullptr;
}

void TlsInForce::TellNews(const TlsMaterial& material) {
  const bool has_own = !material_.has_value() ||
                       material.certificate() != material_->certificate() ||
                       material.key() != material_->key();
  const bool has_clients = !material_.has_value() || material.client_ca() != material_->client_ca();
  if (has_own) {
    const bool is_expired = material.expiry() < absl::Now();
    surroundings_.log.Write(
        is_expired ? Severity::kWarning : Severity::kInfo,
        absl::StrCat("admin: the certificate of ", log::Printable(material.subject()),
                     " is in force, ", is_expired ? "and expired on " : "until ",
                     absl::FormatTime("%Y-%m-%d %H:%M", material.expiry(), absl::UTCTimeZone()),
                     " UTC"));
  }
  if (has_clients) {
    surroundings_.log.Write(Severity::kInfo,
                            absl::StrCat("admin: client_ca is in force, ",
                                         config::Counted(material.authorities(), "certificate"),
                                         " by which those of clients may be signed"));
  }
  TellExposure(material);
}

void TlsInForce::TellExposure(const TlsMaterial& material) {
  if (material.key_exposure().empty()) return;
  surroundings_.log.Write(Severity::kWarning,
                          absl::StrCat("admin.tls.key: ", log::Printable(material.key_exposure())));
}

}  // namespace muster::master
