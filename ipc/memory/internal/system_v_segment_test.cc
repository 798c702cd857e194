#include "muster/ipc/memory/internal/system_v_segment.h"

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <csignal>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/ipc/testing/forked_child.h"

namespace muster::ipc::internal {
namespace {

constexpr std::size_t kBytes = 4096;

bool IsThere(int id) {
  shmid_ds segment;
  return ::shmctl(id, IPC_STAT, &segment) == 0;
}
void Remove(int id) { ::shmctl(id, IPC_RMID, nullptr); }

// A segment of a child that was killed right after it was made.
template <typename Create>
int LeftByTheDead(Create create) {
  int ids[2];
  if (::pipe2(ids, O_CLOEXEC) != 0) return -1;
  const UniqueFd reader(ids[0]);
  const UniqueFd writer(ids[1]);
  ForkedChild child([&] {
    const int id = create();
    if (::write(writer.get(), &id, sizeof id) != sizeof id) return 1;
    return ::raise(SIGKILL);
  });
  int id = -1;
  if (child.Join() != -SIGKILL || ::read(reader.get(), &id, sizeof id) != sizeof id) return -1;
  return id;
}

TEST(SystemVSegment, IsRemovedByTheNextCreatorIfItsOwnDied) {
  const int left = LeftByTheDead([] { return *CreateSystemVSegment(kBytes, 0); });
  ASSERT_TRUE(IsThere(left));
  const int next = *CreateSystemVSegment(kBytes, 0);
  EXPECT_FALSE(IsThere(left));
  Remove(next);
}

TEST(SystemVSegment, StaysWhileItsCreatorLives) {
  const int first = *CreateSystemVSegment(kBytes, 0);
  const int second = *CreateSystemVSegment(kBytes, 0);
  EXPECT_TRUE(IsThere(first));
  Remove(first);
  Remove(second);
}

TEST(SystemVSegment, StaysWhileSomebodyHasItAttached) {
  const int left = LeftByTheDead([] { return *CreateSystemVSegment(kBytes, 0); });
  void* const attached = ::shmat(left, nullptr, 0);
  const int next = *CreateSystemVSegment(kBytes, 0);
  EXPECT_TRUE(IsThere(left));
  ::shmdt(attached);
  Remove(left);
  Remove(next);
}

// Others leave segments on purpose, to be attached later.
TEST(SystemVSegment, OfAnotherProgramStaysAfterItsCreator) {
  const int other = LeftByTheDead([] { return ::shmget(IPC_PRIVATE, kBytes, IPC_CREAT | 0600); });
  const int next = *CreateSystemVSegment(kBytes, 0);
  EXPECT_TRUE(IsThere(other));
  Remove(other);
  Remove(next);
}

}  // namespace
}  // namespace muster::ipc::internal
