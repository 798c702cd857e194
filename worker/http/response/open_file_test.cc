#include "muster/worker/http/response/open_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"

namespace muster::worker::http {
namespace {

ipc::UniqueFd Open(const std::string& name) {
  const std::string path = std::string(::testing::TempDir()) + "/" + name;
  return ipc::UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

TEST(FileIdentity, IsTheSameThroughAnotherDescriptor) {
  const ipc::UniqueFd file = Open("same");
  const ipc::UniqueFd again(::dup(file.get()));
  ASSERT_TRUE(IdentityOf(file.get()).has_value());
  EXPECT_EQ(IdentityOf(file.get()), IdentityOf(again.get()));
}

TEST(FileIdentity, IsAnotherWithAnotherSize) {
  const ipc::UniqueFd file = Open("grows");
  const auto before = IdentityOf(file.get());
  ASSERT_EQ(::write(file.get(), "x", 1), 1);
  EXPECT_NE(IdentityOf(file.get()), before);
  EXPECT_EQ(IdentityOf(file.get())->size_bytes, 1u);
}

TEST(FileIdentity, IsAnotherOfAnotherFile) {
  EXPECT_NE(IdentityOf(Open("one").get()), IdentityOf(Open("other").get()));
}

TEST(FileIdentity, IsNoneOfWhatIsNotOpen) { EXPECT_EQ(IdentityOf(-1), std::nullopt); }

}  // namespace
}  // namespace muster::worker::http
