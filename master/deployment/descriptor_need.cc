#include "muster/master/deployment/descriptor_need.h"

#include <sys/resource.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "muster/host/cpu_count.h"
#include "muster/ipc/base/status.h"
#include "muster/listen/address.h"
#include "muster/master/decide/generations.h"
#include "muster/proto/counted.h"
#include "muster/worker/metrics/wanted_zones.h"

namespace muster::master {
namespace {

// Of the master, for itself: its log, its loop, its admin service, and the worker programs of the
// generations to which it can go back.
constexpr std::uint64_t kOwn = 32 + Generations::kMostKept;
// Its pidfd and its channel.
constexpr std::uint64_t kPerWorker = 2;
// For a moment: the worker's end of the channel, and what tells that the program runs.
constexpr std::uint64_t kToStartOne = 4;
// Its memory, twice more for the locks of those who take part, and its bell.
constexpr std::uint64_t kPerZone = 4;

// The socket twice, a loop, and those that ask at once.
constexpr std::uint64_t kForMetrics = 2 + 2 + 16;
// Two for each.
constexpr std::uint64_t kForHandshakes = 2 * 32;

}  // namespace

std::uint64_t DescriptorsNeeded(const config::v1::Config& config) {
  const std::uint64_t workers =
      config.worker_processes() == 0 ? host::UsableCpus() : config.worker_processes();
  std::uint64_t needed =
      kOwn + 2 * kPerWorker * workers + kPerZone * worker::WantedZones(config).size();
  for (const config::v1::Listen& listen : config.listen()) {
    const auto address = listen::Address::Parse(listen.address());
    const bool is_spread =
        config.accept() == config::v1::REUSEPORT && address.ok() && !address->is_unix();
    needed += is_spread ? workers : 1;
  }
  needed += config.admin().listen_size();
  if (config.admin().has_metrics()) needed += kForMetrics;
  if (config.admin().has_tls()) needed += kForHandshakes;
  return needed;
}

absl::Status CheckDescriptorsFor(const config::v1::Config& config) {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return ipc::ErrnoStatus("getrlimit RLIMIT_NOFILE");
  std::uint64_t open = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++open;
  }
  // Without /proc, or without a descriptor to read it, the workers' start will tell.
  if (error) return absl::OkStatus();
  const std::uint64_t wanted = kPerWorker * config.worker_processes();
  if (open + wanted + kToStartOne <= limit.rlim_cur) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      config::Counted(config.worker_processes(), "new worker"), " need ", wanted,
      " descriptors of the master, which has ", open, " open; its limit (RLIMIT_NOFILE) is ",
      limit.rlim_cur, ", and ", open + wanted + kToStartOne, " are needed"));
}

}  // namespace muster::master
