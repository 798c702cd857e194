// The sample of each layout of the shared zone is read as it was. A change of the layout adds a
// sample, and changes none (docs/MEMORY_LAYOUT.md).

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/worker/testing/recorded.h"
#include "muster/worker/zone/shared_zone.h"
#include "muster/worker/zone/zone_layout.h"

namespace muster::worker {
namespace {

// The front and the registry's own line; the rest of that zone was zero.
std::string Recorded() { return testing::ReadRecorded("worker/zone/recorded/zone.3.hex"); }

ipc::UniqueFd ZoneWith(const std::string& bytes) {
  ipc::UniqueFd fd(::memfd_create("recorded", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(ZoneBytes(2))), 0);
  EXPECT_EQ(::pwrite(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
  return fd;
}

TEST(RecordedZone, OfTheVersionBeforeIsRefused) {
  const auto zone =
      SharedZone::Attach(ZoneWith(testing::ReadRecorded("worker/zone/recorded/zone.2.hex")));
  EXPECT_EQ(zone.status().message(),
            "attach shared zone: shared header: layout version is 2, expected 3");
}

TEST(RecordedZone, IsRead) {
  const auto zone = SharedZone::Attach(ZoneWith(Recorded()));
  ASSERT_TRUE(zone.ok()) << zone.status();
  EXPECT_EQ(zone->capacity(), 2u);
  EXPECT_EQ(zone->instance_id(), 0x1122334455667788u);
  EXPECT_EQ(zone->master_status().generation.value(), 7);
  EXPECT_EQ(zone->slots_used(), 0u);
}

TEST(RecordedZone, IsWhatIsWritten) {
  const auto zone = SharedZone::Create(2);
  ASSERT_TRUE(zone.ok()) << zone.status();
  zone->master_status().generation.Set(7);
  std::string bytes(kRegistryOffset + ipc::kCacheLineBytes, '\0');
  ASSERT_EQ(::pread(zone->fd(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  // It is random.
  const std::string recorded = Recorded();
  const std::size_t id = offsetof(ipc::SharedHeader, instance_id);
  bytes.replace(id, 8, recorded, id, 8);
  EXPECT_EQ(bytes, recorded);
}

}  // namespace
}  // namespace muster::worker
