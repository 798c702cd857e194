#ifndef MUSTER_BENCH_PARTICIPANTS_H_
#define MUSTER_BENCH_PARTICIPANTS_H_

#include <cstdint>

#include "muster/bench/turn.h"
#include "muster/ipc/base/cache_line.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/lock/registry.h"

namespace muster::bench {

// A registry in shared memory with a participant for each role of a round.
class Participants {
 public:
  Participants() {
    MUSTER_CHECK(ipc::Registry::BytesFor(RoundPage::kMaxProcesses) <= sizeof(bytes_), "registry");
    auto registry = ipc::Registry::Create(bytes_, sizeof(bytes_), RoundPage::kMaxProcesses);
    MUSTER_CHECK(registry.ok(), "Registry::Create");
    for (int role = 0; role < RoundPage::kMaxProcesses; ++role) {
      auto tag = registry->Reserve(static_cast<std::uint32_t>(role));
      MUSTER_CHECK(tag.ok(), "Registry::Reserve");
      tags_[role] = *tag;
    }
  }

  ipc::Registry registry() {
    auto registry = ipc::Registry::Attach(bytes_, sizeof(bytes_));
    MUSTER_CHECK(registry.ok(), "Registry::Attach");
    return *registry;
  }
  ipc::OwnerTag tag(int role) const { return tags_[role]; }

 private:
  alignas(ipc::kCacheLineBytes) char bytes_[1024];
  ipc::OwnerTag tags_[RoundPage::kMaxProcesses];
};

}  // namespace muster::bench

#endif  // MUSTER_BENCH_PARTICIPANTS_H_
