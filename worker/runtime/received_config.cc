#include "muster/worker/runtime/received_config.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/ipc/base/status.h"
#include "muster/ipc/memory/sealed_bytes.h"

namespace muster::worker {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;

absl::Status CheckHas(bool is_set, absl::string_view field) {
  if (is_set) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("configuration: ", field, " is not filled in"));
}

}  // namespace

absl::StatusOr<config::v1::Config> ReadConfig(int fd) {
  const auto bytes = ipc::ReadSealedBytes(fd, kMostBytes);
  if (!bytes.ok()) return ipc::Annotate(bytes.status(), "configuration");
  config::v1::Config config;
  if (!config.ParseFromString(*bytes)) {
    return absl::InvalidArgumentError(
        "configuration: its bytes are no serialised muster.config.v1.Config");
  }
  MUSTER_RETURN_IF_ERROR(CheckHas(config.worker_connections() > 0, "worker_connections"));
  MUSTER_RETURN_IF_ERROR(CheckHas(config.has_shutdown_timeout(), "shutdown_timeout"));
  MUSTER_RETURN_IF_ERROR(CheckHas(config.has_accept_delay(), "accept_delay"));
  return config;
}

}  // namespace muster::worker
