#include "muster/master/deployment/worker_launch.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/master/launch/other_users.h"
#include "muster/proto/field_error.h"

namespace muster::master {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::StartsWith;

absl::StatusOr<WorkerLaunch> Find(const std::string& text) {
  config::v1::Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  return WorkerLaunch::Find(config);
}

LaunchPlan PlanOf(const std::string& text, std::uint32_t index = 0) {
  const absl::StatusOr<WorkerLaunch> launch = Find(text);
  EXPECT_TRUE(launch.ok()) << launch.status();
  return launch->PlanOf(index);
}

TEST(WorkerLaunch, LeavesWorkersAsTheMasterIsByDefault) {
  const LaunchPlan plan = PlanOf("no_new_privs: true");
  EXPECT_FALSE(plan.user.has_value() || plan.group.has_value() || plan.groups.has_value());
  EXPECT_FALSE(plan.nofile.has_value() || plan.nice.has_value());
  EXPECT_TRUE(plan.no_new_privs);
  EXPECT_THAT(plan.cpus, IsEmpty());
}

TEST(WorkerLaunch, AddsVariablesAndReplacesThem) {
  ::setenv("KEPT", "1", 1);
  ::setenv("CHANGED", "2", 1);
  ::setenv("NOTIFY_SOCKET", "/for/the/master", 1);
  const LaunchPlan plan = PlanOf("environment { name: 'CHANGED' value: '3' }");
  EXPECT_THAT(plan.environment, Contains("KEPT=1"));
  EXPECT_THAT(plan.environment, Contains("CHANGED=3"));
  EXPECT_THAT(plan.environment, Not(Contains("CHANGED=2")));
  EXPECT_THAT(plan.environment, Not(Contains(StartsWith("NOTIFY_SOCKET"))));
}

TEST(WorkerLaunch, GivesListsOfCpusInTurn) {
  cpu_set_t mask;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(mask), &mask), 0);
  if (!CPU_ISSET(0, &mask) || !CPU_ISSET(1, &mask)) GTEST_SKIP() << "needs CPUs 0 and 1";
  const std::string text = "cpu_affinity: ['0-1', '1']";
  EXPECT_THAT(PlanOf(text, 0).cpus, ElementsAre(0, 1));
  EXPECT_THAT(PlanOf(text, 1).cpus, ElementsAre(1));
  EXPECT_THAT(PlanOf(text, 2).cpus, ElementsAre(0, 1));
}

TEST(WorkerLaunch, GivesEachWorkerACpuByAuto) {
  cpu_set_t mask;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(mask), &mask), 0);
  const auto cpus = static_cast<std::uint32_t>(CPU_COUNT(&mask));
  const LaunchPlan first = PlanOf("cpu_affinity: 'AUTO'", 0);
  EXPECT_EQ(first.cpus.size(), 1);
  EXPECT_EQ(first.cpus, PlanOf("cpu_affinity: 'AUTO'", cpus).cpus);
}

TEST(WorkerLaunch, RefusesCpusThatAreNotThere) {
  const absl::Status status = Find("cpu_affinity: ['0', '60000']").status();
  EXPECT_EQ(config::FieldOf(status), "cpu_affinity[1]");
  EXPECT_THAT(std::string(status.message()), StartsWith("\"60000\" has CPU 60000, which this"));
}

TEST(WorkerLaunch, RefusesAUserThatIsNotThere) {
  const absl::Status status = Find("user: 'nobody-at-all'").status();
  EXPECT_EQ(config::FieldOf(status), "user");
  EXPECT_EQ(status.message(),
            "\"nobody-at-all\" is no user of this machine; write a name or a number");
}

TEST(WorkerLaunch, LetsOnlyRootNameAnotherUser) {
  if (HasOtherUsers()) {
    EXPECT_THAT(PlanOf("user: 'nobody'").user, Optional(65534));
    EXPECT_THAT(PlanOf("user: 'nobody' group: '7' supplementary_group: '8'").group, Optional(7));
    EXPECT_THAT(PlanOf("user: 'nobody' supplementary_group: '8'").groups, Optional(ElementsAre(8)));
    ASSERT_EQ(::seteuid(65534), 0);
  }
  if (::geteuid() == 0) GTEST_SKIP() << "root without other users can name none";
  const absl::Status status = Find("user: 'daemon'").status();
  const uid_t user = ::geteuid();
  ::seteuid(::getuid());  // who writes down how the test went
  EXPECT_EQ(config::FieldOf(status), "user");
  EXPECT_EQ(status.message(),
            absl::StrCat("\"daemon\": only a master that runs as root can start workers so; this "
                         "one runs as uid ",
                         user));
}

TEST(WorkerLaunch, WantsTheGroupOfAUserWithoutAnAccount) {
  NEEDS_OTHER_USERS();
  EXPECT_EQ(Find("user: '4711'").status().message(),
            "4711 is the number of no account, so its group is not known; write `group`");
  EXPECT_THAT(PlanOf("user: '4711' group: '4712'").user, Optional(4711));
}

TEST(WorkerLaunch, TellsWhoseWorkersMayDoTheSame) {
  NEEDS_OTHER_USERS();
  const auto root = Find("nice: 3");
  const auto nobody = Find("user: 'nobody'");
  ASSERT_TRUE(root.ok() && nobody.ok());
  EXPECT_TRUE(root->is_as_root());
  EXPECT_FALSE(nobody->is_as_root());
  EXPECT_TRUE(root->HasSameUser(*Find("nice: 4")));
  EXPECT_FALSE(root->HasSameUser(*nobody));
}

}  // namespace
}  // namespace muster::master
