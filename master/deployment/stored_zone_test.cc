#include "muster/master/deployment/stored_zone.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/check.h"
#include "muster/ipc/lock/participant_record.h"
#include "muster/ipc/zone/zone_object.h"

namespace muster::master {
namespace {

using ::testing::HasSubstr;
using worker::UserZone;

constexpr std::uint64_t kSize = 512 << 10;

struct Tally {
  std::uint64_t count;
};

// What is left of a zone when no process has it open but the service manager.
struct Left {
  ipc::UniqueFd memory;
  std::uint64_t instance_id = 0;
};

// Runs `work` in a worker of a zone. The worker is killed when it has returned. The zone is the
// child's own, so this process never has it attached.
Left LeftBy(const std::function<void(const UserZone&)>& work) {
  int ends[2];
  MUSTER_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto made = UserZone::Create("z", kSize);
    MUSTER_CHECK(made.ok(), "the zone is made");
    const auto zone = UserZone::Attach("z", *ipc::DuplicateFd(made->memory_fd()),
                                       *ipc::DuplicateFd(made->bell_fd()));
    MUSTER_CHECK(zone.ok(), "the worker takes part");
    work(*zone);
    std::uint64_t words[2] = {static_cast<std::uint64_t>(made->memory_fd()), made->instance_id()};
    MUSTER_CHECK(::write(ends[1], words, sizeof(words)) == sizeof(words), "write");
    while (true) ::pause();
  }
  ::close(ends[1]);
  std::uint64_t words[2] = {};
  MUSTER_CHECK(::read(ends[0], words, sizeof(words)) == sizeof(words), "the worker has begun");
  const std::string path = "/proc/" + std::to_string(child) + "/fd/" + std::to_string(words[0]);
  Left left = {ipc::UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC)), words[1]};
  MUSTER_CHECK(left.memory.valid(), "open the memory");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  return left;
}

TEST(StoredZone, HasWhatTheDeadHaveWritten) {
  Left left = LeftBy([](const UserZone& zone) { (*zone.Get<Tally>("tally"))->count = 42; });
  const auto zone = AdoptStoredZone("z", kSize, left.instance_id, std::move(left.memory));
  ASSERT_TRUE(zone.ok()) << zone.status();
  const auto next = UserZone::Attach("z", *ipc::DuplicateFd((*zone)->memory_fd()),
                                     *ipc::DuplicateFd((*zone)->bell_fd()));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ((*next->Get<Tally>("tally"))->count, 42u);
}

TEST(StoredZone, HasNobodyWhoIsDeadAndNoLockOfTheirs) {
  Left left = LeftBy([](const UserZone& zone) {
    (*zone.Get<ipc::ZoneMutex>("mutex"))->lock();
    (*zone.Get<ipc::ZoneRwLock>("rw"))->lock();
  });
  const auto zone = AdoptStoredZone("z", kSize, left.instance_id, std::move(left.memory));
  ASSERT_TRUE(zone.ok()) << zone.status();
  const ipc::Registry& registry = (*zone)->zone().registry();
  for (std::uint32_t slot = 0; slot < registry.capacity(); ++slot) {
    EXPECT_EQ(registry.Read(slot)->state, ipc::ParticipantState::kFree) << slot;
  }
  const auto next = UserZone::Attach("z", *ipc::DuplicateFd((*zone)->memory_fd()),
                                     *ipc::DuplicateFd((*zone)->bell_fd()));
  ASSERT_TRUE(next.ok()) << next.status();
  bool is_repaired = false;
  const auto repair = [&] { return is_repaired = true; };
  const auto mutex = *next->Get<ipc::ZoneMutex>("mutex", repair);
  mutex->lock();
  EXPECT_TRUE(is_repaired) << "the next owner is told of the death";
  mutex->unlock();
  bool is_other_repaired = false;
  const auto repair_other = [&] { return is_other_repaired = true; };
  const auto rw = *next->Get<ipc::ZoneRwLock>("rw", repair_other);
  rw->lock();
  EXPECT_TRUE(is_other_repaired);
  rw->unlock();
}

std::string Refusal(Left left, std::uint64_t size_bytes) {
  return std::string(AdoptStoredZone("z", size_bytes, left.instance_id, std::move(left.memory))
                         .status()
                         .message());
}

TEST(StoredZone, OfAnotherSizeIsRefused) {
  EXPECT_THAT(Refusal(LeftBy([](const UserZone&) {}), 2 * kSize),
              HasSubstr("zone \"z\": its largest size in bytes is "));
}

TEST(StoredZone, OfAnotherInstanceIsRefused) {
  Left left = LeftBy([](const UserZone&) {});
  left.instance_id += 1;
  EXPECT_THAT(Refusal(std::move(left), kSize), HasSubstr("zone \"z\": its instance is "));
}

TEST(StoredZone, IsNotAnyFile) {
  for (const char* path : {"/dev/null", "/dev/zero", "/proc/self/stat"}) {
    EXPECT_THAT(Refusal({ipc::UniqueFd(::open(path, O_RDONLY | O_CLOEXEC)), 1}, kSize),
                HasSubstr("zone \"z\": "))
        << path;
  }
  EXPECT_THAT(Refusal({ipc::UniqueFd(::memfd_create("short", MFD_CLOEXEC)), 1}, kSize),
              HasSubstr("seals"));
}

// Whatever a broken worker has written anywhere, or anywhere behind the headers.
TEST(StoredZone, OfABrokenWorkerIsRefusedOrUsable) {
  std::mt19937_64 random(12);
  int refused = 0;
  for (int round = 0; round < 50; ++round) {
    Left left = LeftBy([](const UserZone& zone) {
      (*zone.Get<ipc::ZoneMutex>("mutex"))->lock();
      (*zone.Get<Tally>("tally"))->count = 1;
    });
    struct stat file = {};
    ASSERT_EQ(::fstat(left.memory.get(), &file), 0);
    const auto size = static_cast<std::size_t>(file.st_size);
    auto* const words = static_cast<std::uint32_t*>(
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, left.memory.get(), 0));
    ASSERT_NE(words, MAP_FAILED);
    const std::size_t count = size / sizeof(*words);
    const std::size_t first = round % 2 == 0 ? 0 : 4096 / sizeof(*words);
    // Words that mean something, damaged, and some more anywhere.
    for (std::size_t i = first; i < count; ++i) {
      if (words[i] != 0 && random() % 4 == 0) words[i] = static_cast<std::uint32_t>(random());
    }
    for (int i = 0; i < 100; ++i) {
      words[first + random() % (count - first)] = static_cast<std::uint32_t>(random());
    }
    ::munmap(words, size);
    const auto zone = AdoptStoredZone("z", kSize, left.instance_id, std::move(left.memory));
    if (!zone.ok()) {
      ++refused;
      continue;
    }
    (*zone)->Restore();
    (*zone)->BuryDead();
    (*zone)->zone().List();
    const auto next = UserZone::Attach("z", *ipc::DuplicateFd((*zone)->memory_fd()),
                                       *ipc::DuplicateFd((*zone)->bell_fd()));
    // A damaged directory is an error for who looks something up.
    if (next.ok()) (void)next->Get<Tally>("tally");
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 50);
}

}  // namespace
}  // namespace muster::master
