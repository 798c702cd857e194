#include "muster/process_env/spare_descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "gtest/gtest.h"

namespace muster::process_env {
namespace {

TEST(SpareDescriptors, AreAsManyAsCanBeOpened) {
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto spare = SpareDescriptors();
  ASSERT_TRUE(spare.ok()) << spare.status();
  std::vector<int> opened;
  for (int fd = 0; (fd = ::fcntl(0, F_DUPFD_CLOEXEC, 0)) >= 0;) opened.push_back(fd);
  EXPECT_EQ(opened.size(), *spare);
  // None can be opened to count them.
  EXPECT_FALSE(SpareDescriptors().ok());
  ::close(opened.back());
  EXPECT_EQ(*SpareDescriptors(), 1u);
  opened.pop_back();
  for (const int fd : opened) ::close(fd);
}

}  // namespace
}  // namespace muster::process_env
