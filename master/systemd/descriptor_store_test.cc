#include "muster/master/systemd/descriptor_store.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ipc/base/unique_fd.h"
#include "muster/loop/event_loop.h"
#include "muster/loop/run_until.h"
#include "muster/master/systemd/notification_socket.h"

namespace muster::master {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DescriptorStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_), nullptr);
    const std::string path = absl::StrCat(folder_, "/notify");
    manager_.emplace(path);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("FDSTORE", "8", 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("FDSTORE");
    ::unlink(absl::StrCat(folder_, "/notify").c_str());
    ::rmdir(folder_);
  }

  std::vector<std::string> ReceiveTexts() const {
    std::vector<std::string> texts;
    while (auto next = manager_->Receive()) texts.push_back(std::move(next->text));
    return texts;
  }
  // With a descriptor of its own, which lives as long as the test.
  DescriptorStore::Entry EntryCalled(const std::string& name) {
    auto fd = std::make_shared<const ipc::UniqueFd>(::memfd_create(name.c_str(), MFD_CLOEXEC));
    owners_.push_back(fd);
    return {.name = name, .fd = fd->get(), .owner = fd};
  }

  std::unique_ptr<loop::EventLoop> loop_ = *loop::EventLoop::Create();
  char folder_[32] = "/tmp/muster-store-XXXXXX";
  std::optional<NotificationSocket> manager_;
  std::vector<std::shared_ptr<const ipc::UniqueFd>> owners_;
};

TEST_F(DescriptorStoreTest, SendsTheDescriptorWithItsName) {
  DescriptorStore store(*loop_);
  const DescriptorStore::Entry entry = EntryCalled("a");
  store.Keep({entry});
  const std::optional<NotificationSocket::Message> received = manager_->Receive();
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->text, "FDSTORE=1\nFDNAME=a\n");
  struct stat sent = {};
  struct stat arrived = {};
  ASSERT_EQ(::fstat(entry.fd, &sent), 0);
  ASSERT_EQ(::fstat(received->fd.get(), &arrived), 0);
  EXPECT_EQ(arrived.st_ino, sent.st_ino);
  EXPECT_THAT(store.stored(), ElementsAre("a"));
}

TEST_F(DescriptorStoreTest, SaysWhatNeedNotBeWatched) {
  DescriptorStore store(*loop_);
  DescriptorStore::Entry entry = EntryCalled("zone");
  entry.can_hang_up = false;
  store.Keep({entry});
  EXPECT_THAT(ReceiveTexts(), ElementsAre("FDSTORE=1\nFDNAME=zone\nFDPOLL=0\n"));
}

TEST_F(DescriptorStoreTest, SendsOnlyWhatIsNewAndRemovesWhatIsGone) {
  DescriptorStore store(*loop_);
  const DescriptorStore::Entry stays = EntryCalled("stays");
  store.Keep({stays, EntryCalled("goes")});
  ReceiveTexts();
  store.Keep({stays, EntryCalled("comes")});
  EXPECT_THAT(ReceiveTexts(),
              ElementsAre("FDSTOREREMOVE=1\nFDNAME=goes\n", "FDSTORE=1\nFDNAME=comes\n"));
  EXPECT_THAT(store.stored(), ElementsAre("comes", "stays"));
}

TEST_F(DescriptorStoreTest, KnowsWhatTheManagerPassed) {
  DescriptorStore store(*loop_);
  store.SetStored({"stays", "goes"});
  EXPECT_THAT(ReceiveTexts(), IsEmpty()) << "nobody has said yet what shall be there";
  store.Keep({EntryCalled("stays")});
  EXPECT_THAT(ReceiveTexts(), ElementsAre("FDSTOREREMOVE=1\nFDNAME=goes\n"));
}

TEST_F(DescriptorStoreTest, SendsLaterWhatAFullManagerDoesNotTake) {
  DescriptorStore store(*loop_);
  std::vector<DescriptorStore::Entry> entries;
  // More than any queue of datagrams has by default.
  for (int i = 0; i < 600; ++i) entries.push_back(EntryCalled(absl::StrCat("d", i)));
  store.Keep(entries);
  ASSERT_LT(store.stored().size(), entries.size()) << "the manager's queue is full";
  std::size_t received = 0;
  ASSERT_TRUE(loop::RunUntil(*loop_, [&] {
    received += ReceiveTexts().size();
    return received == entries.size();
  }));
  EXPECT_EQ(store.stored().size(), entries.size());
}

TEST_F(DescriptorStoreTest, SendsNothingOfAnOwnerThatIsGone) {
  DescriptorStore store(*loop_);
  const DescriptorStore::Entry gone = EntryCalled("gone");
  owners_.clear();
  store.Keep({gone});
  EXPECT_THAT(ReceiveTexts(), IsEmpty());
  EXPECT_THAT(store.stored(), IsEmpty());
}

TEST_F(DescriptorStoreTest, IsOffWhereTheManagerHasNoRoom) {
  for (const char* room : {"0", "", "many", "-1"}) {
    ::setenv("FDSTORE", room, 1);
    DescriptorStore store(*loop_);
    EXPECT_FALSE(store.is_on()) << room;
    store.Keep({EntryCalled("a")});
  }
  ::unsetenv("FDSTORE");
  EXPECT_FALSE(DescriptorStore(*loop_).is_on());
  EXPECT_THAT(ReceiveTexts(), IsEmpty());
}

TEST_F(DescriptorStoreTest, DoesNotWaitForAManagerThatIsGone) {
  ::unlink(absl::StrCat(folder_, "/notify").c_str());
  DescriptorStore store(*loop_);
  store.Keep({EntryCalled("a")});
  EXPECT_THAT(store.stored(), ElementsAre("a")) << "it is not tried again";
}

}  // namespace
}  // namespace muster::master
