#include "muster/master/aside/close_aside.h"

#include <poll.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::master {
namespace {

TEST(CloseAside, ClosesTheDescriptor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const ipc::UniqueFd reader(ends[0]);
  CloseAside(ipc::UniqueFd(ends[1]));
  pollfd closed = {.fd = reader.get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&closed, 1, 60'000), 1);
  EXPECT_NE(closed.revents & POLLHUP, 0);
}

TEST(CloseAside, ClosesSeveral) {
  std::vector<ipc::UniqueFd> readers;
  std::vector<ipc::UniqueFd> writers;
  for (int i = 0; i < 3; ++i) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    readers.emplace_back(ends[0]);
    writers.emplace_back(ends[1]);
  }
  CloseAside(std::move(writers));
  for (const ipc::UniqueFd& reader : readers) {
    pollfd closed = {.fd = reader.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&closed, 1, 60'000), 1);
  }
}

TEST(CloseAside, DoesNothingWithoutADescriptor) {
  CloseAside(ipc::UniqueFd());
  CloseAside(std::vector<ipc::UniqueFd>());
}

}  // namespace
}  // namespace muster::master
