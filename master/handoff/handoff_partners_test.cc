#include "muster/master/handoff/handoff_partners.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "muster/master/launch/other_users.h"
#include "muster/proto/config.pb.h"

namespace muster::master {
namespace {

class HandoffPartnersTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const HandoffEnds> Queue() {
    absl::StatusOr<HandoffEnds> ends = HandoffEnds::Create();
    EXPECT_TRUE(ends.ok()) << ends.status();
    return std::make_shared<const HandoffEnds>(*std::move(ends));
  }

  static WorkerLaunch As(const std::string& user) {
    config::v1::Config config;
    if (!user.empty()) config.set_user(user);
    absl::StatusOr<WorkerLaunch> launch = WorkerLaunch::Find(config);
    EXPECT_TRUE(launch.ok()) << launch.status();
    return *std::move(launch);
  }

  const HandoffEnds* QueueOf(std::uint64_t generation, const std::string& user,
                             bool may_be_other_users = false) {
    const auto queue = partners_.QueueOf(generation, As(user), may_be_other_users);
    EXPECT_TRUE(queue.ok()) << queue.status();
    return queue->get();
  }

  HandoffPartners partners_{Queue()};
};

TEST_F(HandoffPartnersTest, OfOneUserShareAQueue) {
  const HandoffEnds* const first = QueueOf(1, "");
  partners_.OnCommit();
  EXPECT_EQ(QueueOf(2, ""), first);
  partners_.OnCommit();
  EXPECT_EQ(&partners_.serving(), first);
}

TEST_F(HandoffPartnersTest, OfOtherUsersHaveAQueueOfTheirOwn) {
  NEEDS_OTHER_USERS();
  const HandoffEnds* const first = QueueOf(1, "");
  partners_.OnCommit();
  const HandoffEnds* const second = QueueOf(2, "nobody");
  EXPECT_NE(second, first);
  EXPECT_EQ(QueueOf(2, "nobody"), second) << "all workers of a generation have the same";
  EXPECT_EQ(QueueOf(1, ""), first) << "also what is started before the commit";
  partners_.OnCommit();
  EXPECT_EQ(&partners_.serving(), second);
  EXPECT_EQ(QueueOf(2, "nobody"), second);
}

TEST_F(HandoffPartnersTest, OfOtherUsersShareAQueueIfTheyMay) {
  NEEDS_OTHER_USERS();
  const HandoffEnds* const first = QueueOf(1, "");
  partners_.OnCommit();
  EXPECT_EQ(QueueOf(2, "nobody", true), first);
}

TEST_F(HandoffPartnersTest, AreChosenAnewAfterAnAttemptThatFailed) {
  NEEDS_OTHER_USERS();
  const HandoffEnds* const first = QueueOf(1, "");
  partners_.OnCommit();
  EXPECT_NE(QueueOf(2, "nobody"), first);
  EXPECT_EQ(QueueOf(3, ""), first);
  partners_.OnCommit();
  EXPECT_EQ(&partners_.serving(), first);
}

}  // namespace
}  // namespace muster::master
