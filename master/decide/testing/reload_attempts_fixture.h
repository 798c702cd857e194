#ifndef MUSTER_MASTER_DECIDE_TESTING_RELOAD_ATTEMPTS_FIXTURE_H_
#define MUSTER_MASTER_DECIDE_TESTING_RELOAD_ATTEMPTS_FIXTURE_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "muster/master/decide/reload_attempts.h"

namespace muster::master {

// Attempts after a start that succeeded with generation 1.
class ReloadAttemptsTest : public testing::Test {
 protected:
  ReloadAttemptsTest() {
    attempts_.Start(TimePoint());
    attempts_.BeginGeneration({});
    Succeed();
    Sort();
  }

  void Succeed() {
    attempts_.Commit(decision_.now());
    attempts_.Succeed({}, decision_);
  }
  // The actions since the last call.
  void Sort() {
    loads_ = 0;
    replies_.clear();
    log_.clear();
    told_.clear();
    for (const Action& action : decision_.TakeActions()) {
      if (std::holds_alternative<LoadAction>(action)) ++loads_;
      if (const auto* reply = std::get_if<ReplyAction>(&action)) replies_.push_back(*reply);
      if (const auto* log = std::get_if<LogAction>(&action)) {
        log_.push_back(log->text);
        if (log->topic != Topic::kOther) told_.emplace_back(log->topic, log->attempt);
      }
    }
  }
  std::vector<RequestId> Answered() const {
    std::vector<RequestId> requests;
    for (const ReplyAction& reply : replies_) requests.push_back(reply.request);
    return requests;
  }

  ReloadAttempts attempts_;
  Decision decision_{TimePoint()};
  int loads_ = 0;
  std::vector<ReplyAction> replies_;
  std::vector<std::string> log_;
  std::vector<std::pair<Topic, LoadId>> told_;  // with the attempt
};

}  // namespace muster::master

#endif  // MUSTER_MASTER_DECIDE_TESTING_RELOAD_ATTEMPTS_FIXTURE_H_
