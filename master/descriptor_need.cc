#include "muster/master/descriptor_need.h"

#include "muster/master/host/cpu_count.h"
#include "muster/master/listen/address.h"

namespace muster::master {
namespace {

// Of the master, for itself: its log, its loop, its admin service.
constexpr std::uint64_t kOwn = 16;
// Its pidfd and its channel.
constexpr std::uint64_t kPerWorker = 2;
// Its memory and its bell.
constexpr std::uint64_t kPerZone = 2;

}  // namespace

std::uint64_t DescriptorsNeeded(const config::v1::Config& config) {
  const std::uint64_t workers =
      config.worker_processes() == 0 ? UsableCpus() : config.worker_processes();
  std::uint64_t needed = kOwn + 2 * kPerWorker * workers + kPerZone * config.zone_size();
  for (const config::v1::Listen& listen : config.listen()) {
    const auto address = Address::Parse(listen.address());
    const bool is_spread =
        config.accept() == config::v1::REUSEPORT && address.ok() && !address->is_unix();
    needed += is_spread ? workers : 1;
  }
  return needed;
}

}  // namespace muster::master
