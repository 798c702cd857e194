#ifndef MUSTER_IPC_ZONE_ZONE_FIXTURE_H_
#define MUSTER_IPC_ZONE_ZONE_FIXTURE_H_

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/ipc/testing/scratch_folder.h"
#include "muster/ipc/testing/test_zone.h"
#include "muster/ipc/zone/zone.h"

namespace muster::ipc {

// What the tests of zones have in common.

struct Ledger {
  std::int64_t balance = 7;
};

template <typename T>
T Must(absl::StatusOr<T> result) {
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) std::abort();
  return *std::move(result);
}

class ZoneTest : public ::testing::Test {
 protected:
  std::string Path() const { return folder_.path() + "/zone"; }
  ZonePlace Place() const { return ZonePlace::File(Path()); }
  Zone NewZone(const ZoneOptions& options = {}) const {
    return Must(Zone::Create(ZonePlace::Memfd("test"), options));
  }

  const testing::ScratchFolder folder_;
  // For what a test says to its children; its own registry is not used.
  TestZone page_;
  Gate* ready_ = page_.Place<Gate>();
  Gate* never_ = page_.Place<Gate>();
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_ZONE_ZONE_FIXTURE_H_
