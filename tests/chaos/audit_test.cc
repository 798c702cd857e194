#include "muster/tests/chaos/audit.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::tests::chaos {
namespace {

using admin::v1::Master;
using admin::v1::Worker;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr pid_t kMaster = 100;

// A master with two workers of generation 3 that serve, as it tells and as it is.
class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    status_.mutable_master()->set_pid(kMaster);
    status_.mutable_master()->set_state(Master::RUNNING);
    status_.mutable_master()->set_generation(3);
    scene_.master = {.pid = kMaster, .state = 'S'};
    scene_.listeners_of[kMaster] = {7};
    for (int i = 0; i < 2; ++i) {
      Worker* worker = status_.add_workers();
      worker->set_index(i);
      worker->set_slot(i);
      worker->set_generation(3);
      worker->set_pid(201 + i);
      worker->set_state(Worker::SERVING);
      scene_.children.push_back(
          {.pid = 201 + i,
           .parent = kMaster,
           .state = 'S',
           .title = absl::StrCat("muster: worker process ", i, " (generation 3)"),
           .descriptors = {{"socket", 4}, {"memfd:muster-zone", 1}},
           .zone_mappings = 1});
      scene_.listeners_of[201 + i] = {7};
    }
  }
  std::vector<std::string> Differences() { return chaos::Differences(status_, scene_, expected_); }

  admin::v1::Status status_;
  Scene scene_;
  Expected expected_ = {.generation = 3, .workers = 2, .is_at_rest = true};
};

TEST_F(AuditTest, FindsNothingWhereNothingDiffers) { EXPECT_THAT(Differences(), IsEmpty()); }

TEST_F(AuditTest, FindsAWorkerThatIsNoLonger) {
  scene_.children.pop_back();
  EXPECT_THAT(Differences(), ElementsAre(HasSubstr("tells of pid 202, which is no child")));
}

TEST_F(AuditTest, FindsAChildThatIsNotTold) {
  status_.mutable_workers()->RemoveLast();
  EXPECT_THAT(Differences(), ElementsAre(HasSubstr("does not tell of its child 202"),
                                         HasSubstr("has 1 workers instead of 2")));
}

TEST_F(AuditTest, FindsAZombie) {
  scene_.children.push_back({.pid = 203, .parent = kMaster, .state = 'Z'});
  EXPECT_THAT(Differences(), ElementsAre("pid 203 is a zombie"));
}

TEST_F(AuditTest, FindsAStoppedWorkerThatIsToldToServe) {
  expected_.is_at_rest = false;
  scene_.children[0].state = 'T';
  EXPECT_THAT(Differences(), ElementsAre(HasSubstr("is in state T")));
  status_.mutable_workers(0)->set_state(Worker::HUNG);
  EXPECT_THAT(Differences(), IsEmpty());
}

TEST_F(AuditTest, FindsAnotherGenerationThanTheActionsLedTo) {
  expected_.generation = 4;
  EXPECT_THAT(Differences(), Contains(HasSubstr("tells generation 3 instead of 4")));
}

TEST_F(AuditTest, FindsConnectionsThatAreNotThere) {
  scene_.clients_of[201] = 5;
  status_.mutable_workers(0)->mutable_counters()->set_active(6);
  EXPECT_THAT(Differences(), ElementsAre(HasSubstr("tells of 6 active connections, and has 5")));
}

TEST_F(AuditTest, FindsAListenerThatNoWorkerHas) {
  scene_.listeners_of[kMaster] = {7, 8};
  expected_.listeners = 2;
  EXPECT_THAT(Differences(), ElementsAre("the workers have 1 listeners of 2"));
}

TEST_F(AuditTest, FindsSumsThatAreNone) {
  status_.mutable_workers(0)->mutable_counters()->set_requests(5);
  EXPECT_THAT(Differences(), ElementsAre(HasSubstr("the total is 0 and 0")));
}

TEST_F(AuditTest, FindsDescriptorsThatGrow) {
  Leaks leaks;
  EXPECT_THAT(leaks.Look(scene_, "", {"a"}), IsEmpty());
  ++scene_.children[1].descriptors["socket"];
  ++scene_.master.descriptors["[eventfd]"];
  EXPECT_THAT(leaks.Look(scene_, "", {"a"}),
              ElementsAre(HasSubstr("the master has 1 descriptors of the kind [eventfd]"),
                          HasSubstr("worker 202 has 4 descriptors of the kind socket")));
}

TEST_F(AuditTest, CountsWhatEachWorkerCostsTheMaster) {
  scene_.master.descriptors = {{"socket", 9}, {"[pidfd]", 2}};
  Leaks leaks;
  EXPECT_THAT(leaks.Look(scene_, "", {}), IsEmpty());
  scene_.children.pop_back();
  scene_.master.descriptors = {{"socket", 8}, {"[pidfd]", 1}};
  EXPECT_THAT(leaks.Look(scene_, "", {}), IsEmpty());
}

TEST_F(AuditTest, FindsMappingsAndFilesThatAreLeft) {
  Leaks leaks;
  EXPECT_THAT(leaks.Look(scene_, "", {"a"}), IsEmpty());
  ++scene_.master.zone_mappings;
  EXPECT_THAT(leaks.Look(scene_, "", {"a", "b"}),
              ElementsAre(HasSubstr("the master maps 1 memfds"), "a file was left: b"));
}

}  // namespace
}  // namespace muster::tests::chaos
