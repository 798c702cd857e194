#ifndef MUSTER_MASTER_TLS_TLS_MATERIAL_H_
#define MUSTER_MASTER_TLS_TLS_MATERIAL_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "muster/proto/config.pb.h"

namespace muster::master {

// What mutual TLS needs, as texts in PEM that belong together. A value.
class TlsMaterial {
 public:
  // Larger files are refused.
  static constexpr std::size_t kMostBytes = 1024 * 1024;

  // The texts of `files`, whose paths are absolute. Waits for the file system. Errors have the
  // field. InvalidArgument: a file is not what its field asks for, or the key is not the
  // certificate's.
  static absl::StatusOr<TlsMaterial> Read(const config::v1::AdminTls& files);
  // The same of texts that the files had, whose names are for messages. Does not wait.
  static absl::StatusOr<TlsMaterial> Of(const config::v1::AdminTls& files, std::string certificate,
                                        std::string key, std::string client_ca);

  // The master's certificate, and those that lead to a root.
  const std::string& certificate() const { return certificate_; }
  const std::string& key() const { return key_; }
  const std::string& client_ca() const { return client_ca_; }

  // Of the master's certificate: who it is ("CN=master", in the form of RFC 2253), and until when.
  const std::string& subject() const { return subject_; }
  absl::Time expiry() const { return expiry_; }
  // How many certificates client_ca has.
  int authorities() const { return authorities_; }
  // Why the key was no secret when it was read, for people: WhyNotPrivate. Empty: it was.
  const std::string& key_exposure() const { return key_exposure_; }

  // Whether the files had the same texts.
  bool operator==(const TlsMaterial& other) const {
    return certificate_ == other.certificate_ && key_ == other.key_ &&
           client_ca_ == other.client_ca_;
  }
  bool operator!=(const TlsMaterial& other) const { return !(*this == other); }

 private:
  TlsMaterial(std::string certificate, std::string key, std::string client_ca)
      : certificate_(std::move(certificate)),
        key_(std::move(key)),
        client_ca_(std::move(client_ca)) {}

  std::string certificate_;
  std::string key_;
  std::string client_ca_;
  std::string subject_;
  absl::Time expiry_;
  int authorities_ = 0;
  std::string key_exposure_;
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_TLS_TLS_MATERIAL_H_
